import { formatRoughDuration } from '../../view/index.js';
import type { NodeView } from '../../client/index.js';
import { NODE_MARKS } from '../drive-letters.js';
import type { Place } from '../layout.js';
import { span, type Line } from '../line.js';
import { chosenId, nodeItems } from '../lists.js';
import type { State } from '../state.js';
import { emptyList, listTitle, type PanelContent } from './panel.js';
import { rowsAround } from './rows.js';

/** Clocks that differ by this much are named. */
const CLOCK_WARNING_MS = 1000;

export function nodesPanel(state: State, { width, height }: Place): PanelContent {
  const items = nodeItems(state);
  const nameColumns = Math.min(Math.max(0, ...items.map(({ endpoint }) => endpoint.length)), Math.floor(width / 2));
  return {
    title: listTitle('Nodes', items.length, state.filters.nodes),
    lines: items.length === 0 ? emptyList(state.filters.nodes, 'The server did not name its nodes.') : rowsAround({
      items, width, height: height - 1, isActive: state.panel === 'nodes', row: (node) => nodeRow(node, nameColumns),
      chosen: items.findIndex(({ endpoint }) => endpoint === chosenId('nodes', state)),
    }),
  };
}

function nodeRow(node: NodeView, nameColumns: number): Line {
  const { letter, tone } = NODE_MARKS[node.state];
  const isOnline = node.state === 'online';
  return [
    span(`${letter} `, tone),
    span(`${node.endpoint.padEnd(nameColumns)} `),
    span(`${node.drivesOnline}/${node.drivesTotal} `, node.drivesOnline === node.drivesTotal ? 'plain' : 'warn'),
    ...(isOnline ? [span(`up ${formatRoughDuration(node.uptimeMs)} `)] : [span(`${node.state} `, tone), span(node.reason)]),
    ...clock(node),
    span(node.version, 'dim'),
  ];
}

function clock({ clockOffsetMs }: NodeView): Line {
  if (clockOffsetMs === undefined || Math.abs(clockOffsetMs) < CLOCK_WARNING_MS) return [];
  return [span(`clock ${clockOffsetMs < 0 ? '-' : '+'}${(Math.abs(clockOffsetMs) / 1000).toFixed(1)}s `, 'bad')];
}

export function nodeDetail(state: State): string {
  const node = nodeItems(state).find(({ endpoint }) => endpoint === chosenId('nodes', state));
  if (node === undefined) return '';
  const { clockOffsetMs } = node;
  return [
    `${node.endpoint}: ${node.state}`,
    ...(node.reason === '' ? [] : [node.reason]),
    ...(node.state === 'online' ? [`up ${formatRoughDuration(node.uptimeMs)}`] : []),
    ...(clockOffsetMs === undefined ? [] : [`clock ${clockOffsetMs < 0 ? '-' : '+'}${(Math.abs(clockOffsetMs) / 1000).toFixed(3)}s`]),
    ...(node.version === '' ? [] : [node.version]),
  ].join('; ');
}
