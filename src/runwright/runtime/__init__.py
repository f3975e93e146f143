"""The runtime: threads, the clock and user code. It drives the machine, makes attempts and writes batches."""
