"""The flow of bulk actions, alone in its folder, because workers put the folder of a flow file on their path."""
