/** The frame as Ink components, and Ink's keys as names. They decide nothing: see `frame.ts` and `reducer.ts`. */
import { Box, Text, useInput, type Key } from 'ink';
import { GAP } from './layout.js';
import { paintLine } from './line.js';
import type { Frame, Pane } from './frame.js';

interface DashboardProps {
  readonly frame: Frame;
  readonly hasColour: boolean;
  readonly onKey: (key: string) => void;
}

export function Dashboard({ frame, hasColour, onKey }: DashboardProps) {
  useInput((input, key) => keyNames(input, key).forEach(onKey));
  return (
    <Box flexDirection="column">
      <Panel pane={frame.header} hasColour={hasColour} />
      <Box columnGap={GAP}>
        {frame.columns.map((column, index) => (
          <Box key={index} flexDirection="column">
            {column.map((pane) => <Panel key={pane.key} pane={pane} hasColour={hasColour} />)}
          </Box>
        ))}
      </Box>
      <Panel pane={frame.footer} hasColour={hasColour} />
    </Box>
  );
}

function Panel({ pane, hasColour }: { readonly pane: Pane; readonly hasColour: boolean }) {
  return (
    <Box width={pane.width} height={pane.height} flexShrink={0}>
      <Text wrap="truncate-end">{pane.lines.map((line) => paintLine(line, hasColour)).join('\n')}</Text>
    </Box>
  );
}

/** Keys that come together with others are not taken apart by Ink. */
const CONTROL_NAMES: Readonly<Record<string, string>> = {
  '\r': 'enter', '\n': 'enter', '\t': 'tab', '\b': 'backspace', '\u007f': 'backspace', '\u0003': 'ctrl-c', '\u0004': 'ctrl-d', '\u0015': 'ctrl-u',
};

/** Names of keys as the reducer knows them. Several characters come at once where they are typed fast or pasted. */
export function keyNames(input: string, key: Partial<Key>): string[] {
  const named: readonly (readonly [boolean | undefined, string])[] = [
    [key.upArrow, 'up'], [key.downArrow, 'down'], [key.leftArrow, 'left'], [key.rightArrow, 'right'], [key.pageUp, 'page-up'], [key.pageDown, 'page-down'],
    [key.home, 'home'], [key.end, 'end'], [key.return, 'enter'], [key.tab, key.shift === true ? 'shift-tab' : 'tab'],
    // Terminals send what Ink calls delete for the backspace key.
    [key.backspace, 'backspace'], [key.delete, 'backspace'], [key.escape, 'escape'],
  ];
  const name = named.find(([isPressed]) => isPressed === true)?.[1];
  if (name !== undefined) return [name];
  if (key.ctrl === true) return [`ctrl-${input}`];
  return [...input].map((character) => CONTROL_NAMES[character] ?? character);
}
