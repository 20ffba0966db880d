/**
 * tui: the dashboard. State and its changes (`reducer.ts`), what of it is where (`layout.ts`), and what each panel says
 * (`panels/`) are pure functions; Ink components put the frame together, and `screen.ts` writes what changed of it to the
 * terminal. It asks servers through client only, and no other command loads it: Ink costs a quarter of a second.
 */
export { runDashboard, type DashboardEnd, type DashboardOptions } from './dashboard.js';
