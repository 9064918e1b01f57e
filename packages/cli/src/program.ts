import { createRequire } from 'node:module';
import { Command } from 'commander';
import { type TopOptions, top } from './top.ts';
import { UsageError } from './usage-error.ts';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

/** Runs the command line and resolves with the exit code of the process. */
export async function run(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = new Command('tallyman').description('What a feature costs beside what it earns.').version(version).enablePositionalOptions();
  program
    .command('top')
    .summary('run a command under the preload and show what its features cost and earn')
    .description(
      'Runs a command under the preload, receives its metrics on loopback, and shows what each feature costs and earns: live on a terminal, ' +
        "otherwise at the end. The command's exit code is kept.",
    )
    .usage('[options] -- <command...>')
    .argument('[command...]', 'the application as you start it, for instance node app.js')
    .option('--once', 'print the table once: when the command has ended')
    .option('--log <file>', 'write the output of the command to a file instead of above the table')
    .option('--prometheus <url>', 'run nothing: read the same table from this Prometheus')
    .option('--service <name>', 'only this service, from Prometheus')
    .passThroughOptions()
    .action(async (command: string[], options: TopOptions) => {
      exitCode = await top(command, options);
    });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`[tallyman] ${error.message}\n`);
    return error.exitCode;
  }
}
