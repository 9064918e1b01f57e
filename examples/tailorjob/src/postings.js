/** The open positions that a search goes through. */
export const POSTINGS = [
  { id: 'backend', text: 'Backend engineer: Node.js, PostgreSQL, queues, payments' },
  { id: 'frontend', text: 'Frontend engineer: TypeScript, React, accessibility' },
  { id: 'data', text: 'Data analyst: SQL, Python, dashboards, statistics' },
  { id: 'platform', text: 'Platform engineer: Kubernetes, Prometheus, on-call' },
];
