import type { Bullmq } from './bullmq.test.harness.ts';

/** An application with a queue: all that it can see of its jobs, as plain data; its worker and queue are closed then. */
export async function runApplication(library: Bullmq, connection: { readonly host: string; readonly port: number }, name: string): Promise<unknown> {
  const { DelayedError, Queue, UnrecoverableError, Worker } = library;
  const thrown = { once: new TypeError('once'), always: new UnrecoverableError('always') };
  const seen = { handler: [] as unknown[], worker: [] as unknown[], queue: [] as unknown[], returned: [] as unknown[] };

  const worker: InstanceType<typeof Worker> = new Worker(
    name,
    function (this: unknown, ...args) {
      const [job, token] = args;
      seen.handler.push([job.name, this === worker, args.length, typeof token, job.data, job.opts, job.attemptsMade]);
      switch (job.name) {
        case 'sync':
          return 'a value' as never;
        case 'once':
          if (job.attemptsMade === 0) throw thrown.once;
          return Promise.resolve({ attempt: 2 });
        case 'always':
          return Promise.reject(thrown.always);
        case 'delayed':
          if (job.attemptsStarted > 1) return Promise.resolve(null);
          return job.moveToDelayed(Date.now() + 20, token).then(() => {
            throw new DelayedError();
          });
        default:
          return job.updateProgress(50).then(() => undefined);
      }
    },
    { connection },
  );
  worker.on('active', (job, previous) => seen.worker.push(['active', job.name, previous]));
  worker.on('progress', (job, progress) => seen.worker.push(['progress', job.name, progress]));
  worker.on('completed', (job, result, previous) => seen.worker.push(['completed', job.name, result, previous, job.returnvalue]));
  worker.on('failed', (job, error, previous) =>
    seen.worker.push(['failed', job?.name, Object.values(thrown).includes(error as never), error.message, previous, job?.failedReason, job?.attemptsMade]),
  );
  worker.on('error', (error) => seen.worker.push(['error', error.message]));
  worker.on('closing', (message) => seen.worker.push(['closing', message]));
  worker.on('closed', () => seen.worker.push(['closed']));

  const queue = new Queue(name, { connection });
  queue.on('waiting', (job) => seen.queue.push(['waiting', job.name, job.opts]));
  for (const job of ['plain', 'sync', 'once', 'always', 'delayed']) {
    const ended = new Promise<void>((resolve) => {
      worker.on('completed', (one) => one.name === job && resolve());
      worker.on('failed', (one) => one?.name === job && one.finishedOn && resolve());
    });
    const added = await queue.add(job, { job, list: [1] }, { attempts: 2 });
    seen.returned.push([added.constructor.name, added.name, added.data, added.opts, typeof added.id]);
    await ended;
  }
  const rejection = await queue.add('refused', {}, { jobId: '0' }).catch((error: Error) => error);
  seen.returned.push([rejection instanceof Error && rejection.message]);
  seen.returned.push([Queue.prototype.add.length, Worker.prototype.run.name, Worker.prototype.run.length, library.Job.prototype.moveToFailed.name]);
  await worker.close();
  await queue.close();
  return seen;
}
