import { describeQueueAdapter } from '@tallyman/testkit/conformance/queues';
import { PgBossHarness } from './pg-boss.test.harness.ts';

const harness = new PgBossHarness();
describeQueueAdapter('pg-boss 12', harness);
