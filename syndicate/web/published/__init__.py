"""The published files over HTTP: found, compared with conditions, and sent as they are.

`files` answers each request for a file; `file_cache` reads the folder safely, and what the
build recorded of a file; `common_paths` redirects guessed paths such as /feed;
`response_headers` has the headers of each file; `content_codings` negotiates gzip and Brotli;
`conditional_requests` compares ETags and dates, and parses Range; `delta_response` finds and
sends the new entries of a feed (RFC 3229); `poll_limit` limits clients that poll too often;
`generated_document` answers for a document that is made on request.
"""
