import type { Readable } from 'node:stream';
import type { WriteStream } from 'node:tty';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const NO_WRAP = '\u001b[?7l';
const WRAP = '\u001b[?7h';
const CLEAR_DOWN = '\u001b[J';

/** The lower part of a terminal, where a text is drawn again and again in place while other output scrolls above it. */
export class Screen {
  readonly #stream: WriteStream;
  #text = '';
  #drawnLines = 0;

  constructor(stream: WriteStream) {
    this.#stream = stream;
    stream.write(HIDE_CURSOR);
    process.once('exit', this.#restore);
  }

  /** Replaces the text that is shown. */
  show(text: string): void {
    if (text === this.#text && this.#drawnLines > 0) return;
    this.#text = text;
    this.#stream.write(this.#erased() + this.#drawn());
  }

  /** Writes complete lines above the text, to this terminal or to where else they belong. */
  writeAbove(lines: string, stream: NodeJS.WritableStream): void {
    this.#stream.write(this.#erased());
    stream.write(lines);
    this.#stream.write(this.#drawn());
  }

  /** Lets the output of a command scroll above the text, line by line. */
  follow(source: Readable, stream: NodeJS.WritableStream): void {
    let rest = '';
    source.setEncoding('utf8').on('data', (chunk: string) => {
      const end = chunk.lastIndexOf('\n') + 1;
      if (end > 0) this.writeAbove(rest + chunk.slice(0, end), stream);
      rest = end > 0 ? chunk.slice(end) : rest + chunk;
    });
    source.once('end', () => {
      if (rest !== '') this.writeAbove(`${rest}\n`, stream);
    });
  }

  /** Takes the text away and gives the terminal back. */
  close(): void {
    this.#stream.write(this.#erased());
    process.removeListener('exit', this.#restore);
    this.#restore();
  }

  readonly #restore = (): void => {
    this.#stream.write(WRAP + SHOW_CURSOR);
  };

  #erased(): string {
    const up = this.#drawnLines > 0 ? `\u001b[${this.#drawnLines}A\r` : '';
    this.#drawnLines = 0;
    return up + CLEAR_DOWN;
  }

  /** Lines that are too long are cut by the terminal, those that are too many are left out: what has scrolled away cannot be redrawn. */
  #drawn(): string {
    const lines = ['', ...this.#text.split('\n')].slice(0, Math.max(this.#stream.rows - 1, 1));
    this.#drawnLines = lines.length;
    return `${NO_WRAP}${lines.join('\n')}\n${WRAP}`;
  }
}
