import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { expect, test } from 'vitest';
import { Screen } from './screen.ts';

/** A terminal that understands what a screen writes: lines, going up, clearing, wrapping and the cursor's visibility. */
class Terminal extends EventEmitter {
  readonly rows = 6;
  readonly lines: string[] = [''];
  cursorIsVisible = true;
  wraps = true;
  #line = 0;

  write(text: string): boolean {
    const [plain = '', ...sequences] = text.split('\u001b[');
    this.#print(plain);
    for (const sequence of sequences) {
      const [, control = '', rest = ''] = /^([?\d]*[A-Za-z])(.*)$/s.exec(sequence) ?? [];
      this.#obey(control);
      this.#print(rest);
    }
    return true;
  }

  #obey(control: string): void {
    if (control === 'J') this.lines.splice(this.#line, Number.POSITIVE_INFINITY, '');
    else if (control.endsWith('A')) this.#line -= Number.parseInt(control, 10);
    else if (control.startsWith('?25')) this.cursorIsVisible = control === '?25h';
    else if (control.startsWith('?7')) this.wraps = control === '?7h';
    else throw new Error(`unknown control ${control}`);
  }

  #print(text: string): void {
    for (const character of text) {
      if (character === '\n') this.lines[++this.#line] ??= '';
      else if (character !== '\r') this.lines[this.#line] += character;
    }
  }
}

function open() {
  const terminal = new Terminal();
  return { terminal, screen: new Screen(terminal as unknown as WriteStream) };
}

test('a text replaces the one before it', () => {
  const { terminal, screen } = open();
  screen.show('one\ntwo\nthree');
  screen.show('four');
  expect(terminal.lines).toEqual(['', 'four', '']);
});

test('output of the command scrolls above it, by whole lines', async () => {
  const { terminal, screen } = open();
  const [output, errors] = [new PassThrough(), new PassThrough()];
  screen.follow(output, terminal as unknown as NodeJS.WritableStream);
  screen.follow(errors, terminal as unknown as NodeJS.WritableStream);
  screen.show('table');
  output.write('half ');
  errors.write('warning\n');
  output.write('a line\nand a rest');
  output.end();
  await new Promise((resolve) => output.once('close', resolve));
  expect(terminal.lines).toEqual(['warning', 'half a line', 'and a rest', '', 'table', '']);
});

test('a text that is higher than the terminal is cut, because what has scrolled away cannot be redrawn', () => {
  const { terminal, screen } = open();
  for (let round = 0; round < 2; round += 1) screen.show(`${round}\n2\n3\n4\n5\n6\n7`);
  expect(terminal.lines).toEqual(['', '1', '2', '3', '4', '']);
});

test('the end gives an empty line with a visible cursor, and lines that wrap', () => {
  const { terminal, screen } = open();
  screen.show('table');
  expect(terminal.cursorIsVisible).toBe(false);
  screen.close();
  expect(terminal).toMatchObject({ lines: [''], cursorIsVisible: true, wraps: true });
});
