"""HL7 v2: the grammar of messages, acknowledgements, and MLLP, over which they come and go. It knows no domain.

In reading order: `framing` cuts a stream of bytes into messages, `charset` and `message` read one, `refusal`
translates the error tree, `edge` goes from bytes to the answer, `server` listens, `sender` sends.
"""
