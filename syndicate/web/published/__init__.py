"""The published files over HTTP: found, compared with conditions, and sent as they are.

`files` answers each request for a file; `file_cache` reads the folder safely, with
`byte_cache` for bytes in memory and `manifest_lookup` for what the build recorded of a file;
`common_paths` redirects guessed paths such as /feed; `response_headers` has the headers of
each file, with the `content_security_policy` of pages; `content_codings` negotiates gzip
and Brotli; `conditional_requests` compares ETags and dates; `byte_ranges` parses Range;
`delta_response` sends the new entries of a feed, which `feed_deltas` finds (RFC 3229);
`poll_limit` limits clients that poll too often; `generated_document` answers for a document
that is made on request.
"""
