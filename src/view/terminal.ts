/** The one place that knows whether there is a terminal, how wide it is and whether it may be coloured. */
import type { ChalkInstance } from 'chalk';

export interface Terminal {
  /** Results go to a person: progress and colour make sense. */
  readonly isTty: boolean;
  readonly columns: number;
  readonly hasColour: boolean;
}

/** What standard output is; `noColour` is the flag's value. */
export function describeTerminal(noColour: boolean): Terminal {
  const isTty = process.stdout.isTTY === true;
  return { isTty, columns: process.stdout.columns || 80, hasColour: isTty && !noColour && !process.env['NO_COLOR'] };
}

export type Paint = (text: string) => string;

/** mc's colours for what listings and messages are made of; identities where there is no colour. */
export interface Palette {
  readonly time: Paint;
  readonly size: Paint;
  readonly storageClass: Paint;
  readonly folder: Paint;
  readonly version: Paint;
  readonly deleted: Paint;
  readonly good: Paint;
  readonly bad: Paint;
  readonly strong: Paint;
  readonly itemError: Paint;
  readonly fatalError: Paint;
}

const plain: Paint = (text) => text;
const NO_COLOURS: Palette = {
  time: plain, size: plain, storageClass: plain, folder: plain, version: plain, deleted: plain, good: plain, bad: plain, strong: plain,
  itemError: plain, fatalError: plain,
};

/** Loads the colours only where they show. */
export async function loadPalette(hasColour: boolean): Promise<Palette> {
  if (!hasColour) return NO_COLOURS;
  const { Chalk } = await import('chalk');
  const chalk: ChalkInstance = new Chalk({ level: 1 });
  return {
    time: chalk.green, size: chalk.yellow, storageClass: chalk.blue, folder: chalk.cyan.bold, version: chalk.magenta, deleted: chalk.red,
    good: chalk.green, bad: chalk.red, strong: chalk.bold, itemError: chalk.yellow.italic, fatalError: chalk.red.italic.bold,
  };
}
