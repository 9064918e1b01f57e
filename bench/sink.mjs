import { once } from 'node:events';
import { createServer } from 'node:http';

/** A local OTLP endpoint for each variant: answers 200, and remembers the last body, to see that something was measured. */
export async function startSink() {
  const bodies = new Map();
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      bodies.set(decodeURIComponent(request.url.split('/')[1]), Buffer.concat(chunks));
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  return {
    urlFor: ({ name }) => `http://127.0.0.1:${port}/${encodeURIComponent(name)}`,
    /** Which of these metric names did not arrive from the variant since the last `forget`. Names stand as they are in protobuf. */
    missing: ({ name }, metrics = []) => metrics.filter((metric) => !bodies.get(name)?.includes(metric)),
    forget: () => bodies.clear(),
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
