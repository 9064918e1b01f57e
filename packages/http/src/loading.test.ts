import { describe, expect, it } from 'vitest';
import { servedBy } from './serving.test.kit.ts';

describe.each(['commonjs', 'module'] as const)('an application that is %s', (format) => {
  const load = (name: string) => (format === 'module' ? `import ${name} from '${name}';` : `const ${name} = require('${name}');`);
  const withExpress = `${load('express')}
    const app = express();
    app.use('/shops/:shop', express.Router().get('/items/:id', (request, response) => response.send('fine')));
    const server = app.listen(0, '127.0.0.1', async () => {
      await (await fetch('http://127.0.0.1:' + server.address().port + '/shops/7/items/8')).text();
      server.close();
      server.closeAllConnections();
    });`;
  const withFastify = `${load('fastify')}
    const app = fastify();
    app.get('/items/:id', async () => 'fine');
    app.listen({ port: 0, host: '127.0.0.1' }).then(async (url) => {
      await (await fetch(url + '/items/7')).text();
      await app.close();
    });`;

  it('has the routes of Express, through the patch', async () => {
    expect(await servedBy(withExpress, format)).toEqual({ routes: ['/shops/:shop/items/:id'], patched: ['ok'] });
  });

  it('has them where it is bundled too, with router 2.3', async () => {
    expect(await servedBy(withExpress, format, true)).toEqual({ routes: ['/shops/:shop/items/:id'], patched: [] });
  });

  it('has the routes of Fastify, bundled or not, without a patch', async () => {
    for (const isBundled of [false, true]) expect(await servedBy(withFastify, format, isBundled)).toEqual({ routes: ['/items/:id'], patched: [] });
  });
});
