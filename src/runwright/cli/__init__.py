"""The command line: reads the record, starts and resumes flow runs, and decides nothing itself."""
