"""The process that runs a user's tests, in the user's own interpreter: the standard library and pytest alone.

It is started by its path (`python .../worker`), so that the tests see none of our packages on `sys.path`.
"""
