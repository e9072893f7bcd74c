"""The published files over HTTP: found, compared with conditions, and sent as they are.

`files` answers each request for a file, `generated` one for a document that is made on request,
such as the private feeds of single readers;
`file_cache` reads the folder safely, and what the build recorded of a file; `response_headers`
has the headers of each file; `request_headers` negotiates gzip and Brotli, compares ETags and
dates, and parses Range; `delta_response` finds the new entries of a feed (RFC 3229);
`poll_limit` limits clients that poll too often.
"""
