"""The one kind of failure an operator sees: a sentence that says what to do."""


class DeployError(Exception):
    """Something on this machine prevents the act; the message is for people and names the setting."""
