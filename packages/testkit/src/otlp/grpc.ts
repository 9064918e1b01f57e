import type { ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';

/** Bytes before a message: whether it is compressed, and its length. */
const PREFIX = 5;

/** The only message of a unary call. */
export function messageOf(frame: Buffer): Buffer {
  const message = frame.subarray(PREFIX);
  return frame[0] === 1 ? gunzipSync(message) : message;
}

/** Answers a unary call with an empty message, or with a status of gRPC alone. */
export function answerCall(response: ServerResponse, status: number): void {
  const trailer = { 'grpc-status': String(status) };
  if (status !== 0) {
    response.writeHead(200, { 'content-type': 'application/grpc', ...trailer }).end();
    return;
  }
  response.writeHead(200, { 'content-type': 'application/grpc' });
  response.addTrailers(trailer);
  response.end(Buffer.alloc(PREFIX));
}
