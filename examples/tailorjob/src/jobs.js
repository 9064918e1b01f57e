/** @type {import('./queues/open.js').JobDefinition} */
const PARSE = { queue: 'cv-queue', name: 'parse', attempts: 3, concurrency: 4 };
/** @type {import('./queues/open.js').JobDefinition} */
const IMAGE = { queue: 'image-generation', name: 'image', attempts: 1, concurrency: 4 };

/** How often a waiting request looks after its job, in milliseconds. */
const LOOK_AGAIN = 100;

/** @typedef {{ parse: import('./queues/open.js').JobQueue, image: import('./queues/open.js').JobQueue }} Jobs */

/**
 * @param {import('./queues/open.js').Queues} queues
 * @returns {Promise<Jobs>}
 */
export async function openJobs(queues) {
  return { parse: await queues.open(PARSE), image: await queues.open(IMAGE) };
}

/**
 * Works on the jobs in this process.
 *
 * @param {Jobs} jobs
 * @param {import('./assistant.js').Assistant} assistant
 */
export async function workOnJobs(jobs, assistant) {
  await jobs.parse.work(async ({ text }) => ({ profile: await assistant.readCv(text) }));
  await jobs.image.work(async ({ prompt }) => ({ png: await assistant.draw(prompt) }));
}

/**
 * The job, as soon as it has ended or the seconds are over.
 *
 * @param {import('./queues/open.js').JobQueue} queue
 * @param {string} id
 * @param {number} seconds
 */
export async function awaitJob(queue, id, seconds) {
  const deadline = Date.now() + seconds * 1000;
  let job = await queue.find(id);
  while (job.state === 'pending' && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
    job = await queue.find(id);
  }
  return job;
}
