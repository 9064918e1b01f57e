import { Agent, request } from 'node:http';

/** As many connections as are ever open: were there more at peaks, the application's heap would grow with them. */
export const CONNECTIONS = 128;

/** A client of the application that counts `request METHOD ROUTE STATUS` for each answer, and `request ... left` where it went away. */
export function createClient(expressPort, barePort, count) {
  const ports = { express: expressPort, bare: barePort };
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const open = ({ server = 'express', method, path, body, headers = {} }) => {
    const all = body === undefined ? headers : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers };
    return request({ host: '127.0.0.1', port: ports[server], agent, method, path, headers: all }).end(body);
  };
  return {
    /** Resolves with the status; rejects when there is no answer, which no request of the soak allows for. */
    send(options) {
      const { promise, resolve, reject } = Promise.withResolvers();
      open(options)
        .on('error', reject)
        .on('response', (response) => {
          response
            .on('error', reject)
            .on('end', () => {
              count(`request ${options.method} ${options.route} ${response.statusCode}`);
              resolve(response.statusCode);
            })
            .resume();
        });
      return promise;
    },
    /** Goes away as soon as the application has begun to answer. */
    leave(path, route) {
      const { promise, resolve, reject } = Promise.withResolvers();
      const sent = open({ method: 'GET', path })
        .on('error', reject)
        .on('response', (response) => {
          response.on('error', () => {});
          sent.removeListener('error', reject).on('error', () => {});
          sent.destroy();
          count(`request GET ${route} left`);
          resolve();
        });
      return promise;
    },
  };
}
