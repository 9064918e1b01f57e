/** What an application does with the client, in thirteen ways; each gives back what it sees of the answer, as plain data. */

const messages = [{ role: 'user', content: 'How does this CV fit?' }];
const plain = { model: 'gpt-5', messages };
const streamed = { ...plain, stream: true, stream_options: { include_usage: true } };

async function count(stream) {
  let chunks = 0;
  for await (const _ of stream) chunks += 1;
  return chunks;
}

/** Case 6 holds the stream after this many chunks, which arrive at once. */
const held = { headers: { 'x-answer': JSON.stringify({ holdAfter: 20 }) } };

/** Named after what is done; `client` talks to the provider, `unreachable` to a closed port. */
export const edgeCases = {
  'plain create': async ({ client }) => {
    const { id, usage, choices, _request_id } = await client.chat.completions.create(plain);
    return { id, usage, choices, _request_id };
  },
  withResponse: async ({ client }) => {
    const { data, response, request_id } = await client.chat.completions.create(plain).withResponse();
    return { status: response.status, request_id, total: data.usage.total_tokens };
  },
  asResponse: async ({ client }) => {
    const response = await client.chat.completions.create(plain).asResponse();
    return { status: response.status, isUsed: response.bodyUsed, length: (await response.text()).length };
  },
  'stream read to the end': async ({ client }) => count(await client.chat.completions.create(streamed)),
  'stream left by break': async ({ client }) => {
    let chunks = 0;
    const stream = await client.chat.completions.create(streamed);
    for await (const _ of stream) {
      chunks += 1;
      if (chunks > 5) break;
    }
    return { chunks, isAborted: stream.controller.signal.aborted };
  },
  'stream aborted': async ({ client }) => {
    let chunks = 0;
    const stream = await client.chat.completions.create(streamed, held);
    for await (const _ of stream) {
      chunks += 1;
      if (chunks === 5) stream.controller.abort();
    }
    return chunks;
  },
  tee: async ({ client }) => {
    const halves = (await client.chat.completions.create(streamed)).tee();
    return Promise.all(halves.map(count));
  },
  toReadableStream: async ({ client }) => {
    const stream = await client.chat.completions.create(streamed);
    let lines = 0;
    for await (const bytes of stream.toReadableStream()) lines += Buffer.from(bytes).toString().split('\n').length - 1;
    return lines;
  },
  'stream withResponse': async ({ client }) => {
    const { data, response } = await client.chat.completions.create(streamed).withResponse();
    return { status: response.status, chunks: await count(data) };
  },
  'stream helper': async ({ client }) => {
    const { choices, usage } = await client.chat.completions.stream(streamed).finalChatCompletion();
    return { finish: choices[0].finish_reason, content: choices[0].message.content.length, usage };
  },
  parse: async ({ client }) => {
    const { choices } = await client.chat.completions.parse(plain);
    return { finish: choices[0].finish_reason, parsed: choices[0].message.parsed };
  },
  'connection error': async ({ unreachable }) => {
    const error = await unreachable.chat.completions.create(plain).catch((reason) => reason);
    return { name: error.constructor.name, message: error.message, status: error.status, keys: Object.keys(error) };
  },
  'stream never read': async ({ client }) => {
    const stream = await client.chat.completions.create(streamed);
    return { type: typeof stream, name: stream.constructor.name, keys: Object.keys(stream) };
  },
};

/** What else may meet the wrapped promise and stream; each again gives back what it sees. */
export const furtherCases = {
  'a second look at the same promise': async ({ client }) => {
    const promise = client.chat.completions.create(plain);
    const [first, second] = [await promise, await promise];
    return { isSame: first === second, name: promise.constructor.name, isPromise: promise instanceof Promise };
  },
  'a promise that another library makes of the response': async ({ client }) => {
    const promise = client.chat.completions.create(plain);
    const made = new promise.constructor(client, promise.responsePromise, (...of) => promise.parseResponse(...of));
    return { usage: (await made).usage };
  },
  'a promise that another library makes, whose parser fails at last': async ({ client }) => {
    const promise = client.chat.completions.create(plain);
    let usage;
    const made = new promise.constructor(client, promise.responsePromise, async (...of) => {
      ({ usage } = await promise.parseResponse(...of));
      throw new Error('not with this answer');
    });
    return { message: await made.catch(({ message }) => message), usage };
  },
  'a response and a parser that another library replaces': async ({ client }) => {
    const promise = client.chat.completions.create(plain);
    const { parseResponse } = promise;
    promise.responsePromise = promise.responsePromise.catch((error) => {
      throw error;
    });
    promise.parseResponse = async (...of) => ({ answer: await parseResponse.call(promise, ...of) });
    return { usage: (await promise).answer.usage };
  },
  'a response that another library replaces, and that fails': async ({ unreachable }) => {
    const promise = unreachable.chat.completions.create(plain);
    promise.responsePromise = promise.responsePromise.catch((error) => {
      throw error;
    });
    return promise.catch(({ message }) => message);
  },
  'a response that only another library looks at, and that fails': async ({ unreachable }) => {
    const { responsePromise } = unreachable.chat.completions.create(plain);
    return responsePromise.catch(({ message }) => message);
  },
  'a client that looks at what fails first': async ({ unreachable }) => {
    const client = unreachable.withOptions({});
    const { request } = client;
    client.request = (...of) => {
      const promise = request.apply(client, of);
      promise.then(undefined, () => {});
      return promise;
    };
    return client.embeddings.create({ model: 'text-embedding-3-small', input: 'a', encoding_format: 'float' }).catch(({ message }) => message);
  },
  'an answer that is asked for again, and its stream left': async ({ client }) => {
    const promise = client.chat.completions.create(streamed);
    await promise;
    const { data, response } = await promise.withResponse();
    return { status: response.status, name: data.constructor.name };
  },
  'a promise that another library makes, with a parser of its own': async ({ client }) => {
    const promise = client.chat.completions.create(plain);
    const made = new promise.constructor(client, promise.responsePromise, async (...of) => {
      const { response } = of.find((one) => one.response);
      return response.json();
    });
    return (await made).usage.total_tokens;
  },
  'a client that has looked at an answer before': async ({ client }) => {
    const copy = client.withOptions({});
    let first;
    copy.request = (...of) => (first ??= client.request(...of));
    const before = await copy.request({ method: 'post', path: '/embeddings', body: { model: 'text-embedding-3-small', input: 'a', encoding_format: 'float' } });
    const { usage } = await copy.embeddings.create({ model: 'text-embedding-3-small', input: 'a', encoding_format: 'float' });
    return { usage, isSame: usage === before.usage };
  },
  'a response that another library reads by hand': async ({ client }) => {
    const promise = client.chat.completions.create(plain);
    return { usage: (await promise.responsePromise.then((properties) => promise.parseResponse(client, properties))).usage };
  },
  'raw response, then data': async ({ client }) => {
    const promise = client.chat.completions.create(plain);
    const { status } = await promise.asResponse();
    return { status, total: (await promise).usage.total_tokens };
  },
  'then, catch, finally': async ({ client }) => {
    let isFinal = false;
    const total = await client.chat.completions
      .create(plain)
      .then(({ usage }) => usage.total_tokens)
      .catch(() => -1)
      .finally(() => {
        isFinal = true;
      });
    return { total, isFinal };
  },
  'a stream read twice': async ({ client }) => {
    const stream = await client.chat.completions.create(streamed);
    const chunks = await count(stream);
    return { chunks, again: await count(stream).catch((error) => `${error.constructor.name}: ${error.message}`) };
  },
  'chunks by hand': async ({ client }) => {
    const stream = await client.chat.completions.create(streamed);
    const iterator = stream[Symbol.asyncIterator]();
    const first = await iterator.next();
    const end = await iterator.return();
    return { first: first.value.choices, done: end.done, tag: String(iterator), isOwnIterator: iterator[Symbol.asyncIterator]() === iterator };
  },
  embeddings: async ({ client }) => {
    const { data, usage } = await client.embeddings.create({ model: 'text-embedding-3-small', input: ['a', 'b'] });
    return { data, usage };
  },
  'embeddings as numbers': async ({ client }) => {
    const { data } = await client.embeddings.create({ model: 'text-embedding-3-small', input: 'a', encoding_format: 'float' });
    return data;
  },
  responses: async ({ client }) => {
    const { output_text, usage, status } = await client.responses.create({ model: 'gpt-5', input: 'Hi' });
    return { output_text, usage, status };
  },
  'responses streamed': async ({ client }) => {
    const types = new Set();
    for await (const { type } of await client.responses.create({ model: 'gpt-5', input: 'Hi', stream: true })) types.add(type);
    return [...types];
  },
  'responses helper': async ({ client }) => {
    const { output_text, usage } = await client.responses.stream({ model: 'gpt-5', input: 'Hi' }).finalResponse();
    return { output_text, usage };
  },
  image: async ({ client }) => {
    const { data, usage } = await client.images.generate({ model: 'gpt-image-1', prompt: 'A CV' });
    return { data, usage };
  },
  speech: async ({ client }) => (await client.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'Hi' })).text(),
  'an error of the provider': async ({ client }) => {
    const options = { headers: { 'x-answer': JSON.stringify({ status: 429, code: 'rate_limit_exceeded' }) } };
    const error = await client.chat.completions.create(plain, options).catch((reason) => reason);
    return { name: error.constructor.name, message: error.message, status: error.status, code: error.code, keys: Object.keys(error) };
  },
  'rejections that are all handled': async ({ unreachable }) => {
    const ask = () => unreachable.chat.completions.create(plain);
    const asked = [ask(), ask().withResponse(), ask().asResponse(), ask().finally(() => {}), ask()._thenUnwrap((data) => data)];
    const results = await Promise.allSettled(asked);
    // An unhandled rejection is told before the next immediate.
    await new Promise((resolve) => setImmediate(resolve));
    return results.map(({ status, reason }) => `${status} ${reason?.message}`);
  },
  'an aborted request': async ({ client }) => {
    const error = await client.chat.completions.create(plain, { signal: AbortSignal.abort() }).catch((reason) => reason);
    return { name: error.constructor.name, message: error.message };
  },
  'a broken stream': async ({ client }) => {
    const options = { headers: { 'x-answer': JSON.stringify({ cutAfter: 3 }) } };
    return count(await client.chat.completions.create(streamed, options)).catch((error) => `${error.constructor.name}: ${error.message}`);
  },
};
