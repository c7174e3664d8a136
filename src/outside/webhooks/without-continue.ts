import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';

/** How an answer begins that asks for the body, which has no header that matters. */
const head = Buffer.from('HTTP/1.1 100');
const end = Buffer.from('\r\n\r\n');

/** What comes behind each `100 Continue` at the begin of some bytes. */
const behind = (bytes: Buffer): Buffer => {
  let from = 0;
  while (head.equals(bytes.subarray(from, from + head.length))) {
    const to = bytes.indexOf(end, from);
    if (to === -1) break;
    from = to + end.length;
  }
  return bytes.subarray(from);
};

/**
 * Connects so that whoever reads the socket meets no `100 Continue`. A receiver may send it unasked (RFC 9110, 15.2), and
 * undici, which reads by `read`, takes it for a fault of the receiver where it would have to pass it over. One that comes in
 * pieces is still a fault: hardly any does, as it is some 25 bytes that are written at once.
 */
export const withoutContinue =
  (connect: buildConnector.connector): buildConnector.connector =>
  (options, callback) => {
    const pass = (socket: Socket): Socket => {
      const read = socket.read.bind(socket);
      socket.read = (size?: number): unknown => {
        for (;;) {
          const chunk: unknown = read(size);
          if (!Buffer.isBuffer(chunk)) return chunk;
          const rest = behind(chunk);
          if (rest.length > 0) return rest;
        }
      };
      return socket;
    };
    // What it gives back ends a connection that is not there yet.
    return connect(options, (...[error, socket]) => (error ? callback(error, null) : callback(null, pass(socket))));
  };
