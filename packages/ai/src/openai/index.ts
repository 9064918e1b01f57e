import { type Adapter, logOnce, runtime, safely } from '@tallyman/core';
import { ownerOf } from '../stainless/owner.ts';
import { patchOpenAI, patchPrototype } from './patch.ts';

/** Hooks the client class of `openai`, through which chat completions, responses, embeddings, images and audio all go. */
export const adapter: Adapter = {
  name: 'openai',
  rows: [
    {
      module: 'openai',
      versions: { from: '6.0.0', below: '8.0.0' },
      files: ['client.js', 'client.mjs'],
      binding: 'OpenAI',
      how: 'prototype',
      patch: patchOpenAI,
    },
  ],
};

/**
 * Measures the calls of a client, and of all clients of its class: for bundled applications, where no module hook can reach.
 * Gives the client back; a client that cannot be measured works on as it is.
 */
export function instrumentOpenAI<Client extends object>(client: Client): Client {
  safely('ai.instrument', () => {
    const poster = ownerOf(client, 'post');
    if (poster === undefined) logOnce('instrumentOpenAI', 'warn', 'instrumentOpenAI was given something that is no client of openai: it is not measured');
    else if (runtime.active) patchPrototype(poster);
  });
  return client;
}
