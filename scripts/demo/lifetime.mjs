/** What was started, the latest first. */
const started = [];
const controller = new AbortController();
const parent = process.ppid;

/** Aborted when the user, or whoever started the demo, wants it to end. */
export const interrupted = controller.signal;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => controller.abort());

/** Interrupts the demo when the process that started it is gone: nobody could end it then. */
export function checkParent() {
  if (process.ppid !== parent) controller.abort();
}

/** Remembers how to end what was started, and gives it. */
export function keep(thing, end) {
  started.unshift(end);
  return thing;
}

/** Ends all that was kept, the latest first. */
export async function endAll() {
  for (const end of started.splice(0)) await end();
}

/** Kills a child process when this one ends; gives a function that forgets it. */
export function bindToThisProcess(child) {
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  return () => process.removeListener('exit', kill);
}

/** Prints a step. */
export function say(line) {
  process.stdout.write(`> ${line}\n`);
}

/** The last lines of a log. */
export function tail(text) {
  return text.slice(-2000);
}
