"""The HTTP server: uvicorn in a thread, hardened against slow, greedy and forged requests.

`server` starts and stops it; `listener` binds its address or inherits the socket;
`connection` is one client's HTTP connection, from the first byte to the last;
`server_state` is what connections share: the application that answers, which can be replaced,
and a limit, which closes idle connections when all slots are taken;
`request_head` refuses heads that a proxy may read in another way (request smuggling);
`responses` has requests for files and whole responses, without a framework;
`client_address` finds the client behind proxies, and recognises local requests.
"""
