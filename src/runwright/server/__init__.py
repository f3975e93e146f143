"""The server: one address where runs are registered, started, read and followed by programs and people.

`app.create_app` puts the surfaces together; each surface is one function that returns guarded routes. What runs mean to
foreign clients is built in `runwright.compat`; what decides and records is below `runwright.app`. Nothing here loads user
code, a pickle, or a class by its name.
"""
