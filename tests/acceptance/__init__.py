"""The command line as real processes: killed, resumed, fed with bad input."""
