"""Actions: what pages do to flow runs, task runs and flows, for whoever may: offered with a reason, asked for in a form."""
