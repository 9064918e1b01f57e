import { withAttribution } from '@tallyman/core';
import { seenError, settled } from '../faults/index.ts';
import type { AiSubject } from './subject.ts';

/** Something that an application does with an SDK; gives what it sees of it, as plain data. */
export type AiAct = (subject: AiSubject) => Promise<unknown>;

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value) ?? 'null');

/** All chunks of a stream, and the error that it ends with. */
async function read(
  stream: Promise<AsyncIterable<unknown>>,
  atChunk?: (count: number) => 'leave' | undefined,
): Promise<{ chunks: unknown[]; error?: unknown }> {
  const chunks: unknown[] = [];
  try {
    for await (const chunk of await stream) {
      chunks.push(plain(chunk));
      if (atChunk?.(chunks.length) === 'leave') break;
    }
  } catch (error) {
    return { chunks, error: seenError(error) };
  }
  return { chunks };
}

const ask = async (answer: Promise<unknown>): Promise<unknown> => plain(await settled(() => answer));

/** What applications do with an SDK, by name. */
export const aiActs = {
  'an answered call': (subject) => ask(subject.ask('answers')),
  'an answer without usage': (subject) => ask(subject.ask('answers without usage')),
  'a stream that is read to its end': (subject) => read(subject.stream('answers')),
  'a stream that is left early': (subject) => read(subject.stream('answers'), () => 'leave'),
  'a stream that is aborted': (subject) => {
    const controller = new AbortController();
    return read(subject.stream('falls silent', controller.signal), (count) => {
      if (count === subject.partialChunks) controller.abort();
      return undefined;
    });
  },
  'a call that is aborted': (subject) => ask(subject.ask('answers', AbortSignal.abort())),
  'a stream that is never read': async (subject) => {
    const stream = await subject.stream('answers');
    subject.endIdleCalls();
    return { late: await read(Promise.resolve(stream)), keys: Object.keys(stream) };
  },
  'a refused call': (subject) => ask(subject.ask('refuses')),
  'a call that the SDK tries again': (subject) => ask(subject.ask('recovers')),
  'a provider that cannot be reached': (subject) => ask(subject.ask('is gone')),
  'a stream that breaks off': (subject) => read(subject.stream('breaks off')),
  'concurrent calls of two features': (subject) => {
    const both = (feature: string) => withAttribution({ feature }, () => Promise.all([ask(subject.ask('answers')), read(subject.stream('answers'))]));
    return Promise.all([both('cv_parse'), both('job_match'), both('cv_parse')]);
  },
  'a call that an outer instrumentation owns': (subject) => ask(subject.owning(() => subject.ask('answers'))),
  // Calls that begin later and are handled fail later, so what nobody handles has been told by then.
  'a rejection that nobody handles': async (subject) => {
    void subject.ask('is gone');
    return ask(subject.ask('is gone'));
  },
  'an embedding': async ({ embedding }) => plain(await embedding?.ask()),
} as const satisfies Readonly<Record<string, AiAct>>;
