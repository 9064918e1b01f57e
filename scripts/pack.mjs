// Packs every public package into a tarball, for use before they are on a registry. Usage: npm run pack [-- FOLDER]
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

const folder = resolve(process.argv[2] ?? 'tarballs');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const npm = process.env.npm_execpath;
for (const name of readdirSync('packages')) {
  const manifest = JSON.parse(readFileSync(join('packages', name, 'package.json'), 'utf8'));
  if (manifest.private) continue;
  const args = ['pack', '--silent', '--pack-destination', folder, '--workspace', manifest.name];
  const { status, stdout, stderr } = npm ? spawnSync(process.execPath, [npm, ...args], { encoding: 'utf8' }) : spawnSync('npm', args, { encoding: 'utf8' });
  if (status !== 0) {
    console.error(`packing ${manifest.name} failed\n${stderr}`);
    process.exit(1);
  }
  console.log(`${manifest.name} ${manifest.version}: ${join(folder, stdout.trim().split('\n').at(-1) ?? '')}`);
}
