/**
 * Finds the real servers of the stack, or gets them: `node scripts/servers.mjs [name...]` prints one line a component.
 *
 * A component is taken from PATH, else from the cache folder, else it is installed: Debian's package where we are root,
 * otherwise a build with Go into the cache folder. Plain Node without dependencies, because it runs before `npm ci`.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { access, constants, link, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const collector = fileURLToPath(new URL('../otel-collector/', import.meta.url));
const suffix = process.platform === 'win32' ? '.exe' : '';
const collectorVersion = /version: (\S+)/.exec(readFileSync(join(collector, 'builder.yaml'), 'utf8'))[1];
const prometheusVersion = '3.16.0';
/** A failed installation is not tried again before this time has passed, in milliseconds: each test file asks. */
const retryAfter = 600_000;

/** `commands`: names on PATH. `cached`: path below the cache folder. `usable` and `install` (tried in order) may throw. */
const components = {
  otelcol: {
    commands: ['otelcol', 'otelcol-contrib'],
    cached: `otelcol-${collectorVersion}/otelcol${suffix}`,
    // A distribution without the modules that the configuration names is as good as none.
    usable: (path) => run(path, ['validate', `--config=${join(collector, 'config.yaml')}`]),
    install: [buildCollector],
    advice: `install Go, or put otelcol-contrib ${collectorVersion} on PATH`,
  },
  prometheus: prometheusComponent('prometheus'),
  promtool: prometheusComponent('promtool'),
  'redis-server': {
    commands: ['redis-server'],
    install: [() => aptInstall('redis-server')],
    advice: 'install Redis 6.2 or newer, for instance with "apt-get install redis-server" or "brew install redis"',
  },
};

/** The names that `findOrInstall` knows. */
export const componentNames = Object.keys(components);

function prometheusComponent(name) {
  return {
    commands: [name],
    cached: `prometheus-${prometheusVersion}/${name}${suffix}`,
    install: [() => aptInstall('prometheus'), buildPrometheus],
    advice: `install Go, or put Prometheus 2.42 or newer on PATH`,
  };
}

/** The folder outside the repository that keeps what was built or fetched: `$TALLYMAN_CACHE`, else the user's cache. */
export function cacheFolder() {
  const { TALLYMAN_CACHE, XDG_CACHE_HOME } = process.env;
  return TALLYMAN_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'tallyman');
}

/** Resolves with `{ name, path, version }`, or with `{ name, missing }`: one line that says what to install. */
export async function findOrInstall(name, { retry = false } = {}) {
  if (!Object.hasOwn(components, name)) throw new TypeError(`unknown component ${name}; known: ${componentNames.join(', ')}`);
  return (await find(name)) ?? (await withLock('install', async () => (await find(name)) ?? (await install(name, retry))));
}

async function find(name) {
  const { commands, cached, usable } = components[name];
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  const candidates = commands.flatMap((command) => folders.map((folder) => join(folder, command + suffix)));
  if (cached) candidates.push(join(cacheFolder(), cached));
  for (const path of candidates) {
    try {
      await access(path, constants.X_OK);
      const { stdout, stderr } = await run(path, ['--version']);
      const version = /(?:version |v=)v?(\d[\w.]*)/.exec(stdout + stderr)?.[1];
      await usable?.(path);
      return { name, path, version: version ?? 'unknown' };
    } catch {
      // Not there, or not one that can do the work: the next candidate.
    }
  }
  return undefined;
}

async function install(name, retry) {
  const { advice, cached = '' } = components[name];
  const marker = join(cacheFolder(), `${name}.failed`);
  if (!retry && (await age(marker)) < retryAfter) return { name, missing: await readFile(marker, 'utf8') };
  const reasons = [];
  for (const attempt of components[name].install) {
    try {
      await attempt(join(cacheFolder(), dirname(cached)));
      const found = await find(name);
      if (found) {
        await rm(marker, { force: true });
        return found;
      }
    } catch (error) {
      reasons.push(lastLine(error));
    }
  }
  const missing = `${name} is missing: ${advice} (${reasons.join('; ') || 'what was installed does not run here'})`;
  await writeFile(marker, missing);
  return { name, missing };
}

async function age(path) {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: 0 }));
  return Date.now() - mtimeMs;
}

function lastLine(error) {
  const text = `${error.stderr || error.message}`.trim();
  return text.slice(text.lastIndexOf('\n') + 1).slice(0, 200);
}

async function aptInstall(debianPackage) {
  if (process.platform !== 'linux' || process.getuid() !== 0) throw new Error('Debian packages need root');
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  const apt = (...args) => run('apt-get', ['-o', 'DPkg::Lock::Timeout=300', '-q', '-y', ...args], options);
  say(`installing Debian's package ${debianPackage}`);
  const wanted = ['install', '--no-install-recommends', debianPackage];
  // A fresh machine has no package lists, or old ones that name files no longer there.
  await apt(...wanted).catch(async () => {
    await apt('update');
    await apt(...wanted);
  });
}

async function buildCollector(folder) {
  say(`building the OpenTelemetry Collector ${collectorVersion} with Go, once, about four minutes`);
  const module = `go.opentelemetry.io/collector/cmd/builder@v${collectorVersion}`;
  await build(folder, ['run', module, `--config=${join(collector, 'builder.yaml')}`], {}, 'dist');
}

async function buildPrometheus(folder) {
  say(`building Prometheus ${prometheusVersion} with Go, once, about five minutes`);
  // Releases 3.x.y are the Go module's v0.3xx.y. Without service discovery of clouds the build takes a tenth of the time.
  const [, minor, patch] = prometheusVersion.split('.');
  const version = `v0.3${minor.padStart(2, '0')}.${patch}`;
  const stamp = `-s -w -X github.com/prometheus/common/version.Version=${prometheusVersion}`;
  const modules = ['prometheus', 'promtool'].map((name) => `github.com/prometheus/prometheus/cmd/${name}@${version}`);
  await build(folder, ['install', '-trimpath', '-tags', 'remove_all_sd', '-ldflags', stamp, ...modules], { GOBIN: 'bin' }, 'bin');
}

/** Runs Go in a folder of its own and moves the result into place at once, so that nobody ever sees half a build. */
async function build(folder, args, env, result) {
  await mkdir(cacheFolder(), { recursive: true });
  const work = await mkdtemp(join(cacheFolder(), 'build-'));
  try {
    const binaries = env.GOBIN ? { GOBIN: join(work, env.GOBIN) } : {};
    await run('go', args, { cwd: work, env: { ...process.env, CGO_ENABLED: '0', ...binaries }, maxBuffer: 2 ** 26 });
    await rm(folder, { recursive: true, force: true });
    await rename(join(work, result), folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * Runs `work` while no other process runs work of that name, and resolves with its result.
 *
 * The lock is a file that holds the owner's pid; one whose owner is dead is taken over. In the moment of taking over two
 * processes may both hold it: work must leave a whole result even then, as a rename does.
 */
export async function withLock(name, work) {
  const file = join(cacheFolder(), `${name}.lock`);
  await mkdir(cacheFolder(), { recursive: true });
  while (!(await take(file))) await delay(200);
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function take(file) {
  // A link appears with its content at once; a file that is created and then written would be empty in between.
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${process.pid}`);
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
  const owner = Number(await readFile(file, 'utf8').catch(() => '0'));
  if (owner && !isAlive(owner)) await rm(file, { force: true });
  return false;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function say(line) {
  process.stderr.write(`[tallyman] ${line}\n`);
}

/** What is missing is said, and only in continuous integration a failure: elsewhere the tests that need it are skipped. */
async function main(names) {
  for (const name of names.length > 0 ? names : componentNames) {
    const result = await findOrInstall(name, { retry: true });
    if (result.missing && process.env.CI === 'true') process.exitCode = 1;
    process.stdout.write(result.missing ? `${result.missing}\n` : `${name} ${result.version} ${result.path}\n`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main(process.argv.slice(2));
}
