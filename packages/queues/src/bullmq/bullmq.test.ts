import { describeQueueAdapter } from '@tallyman/testkit/conformance/queues';
import { BullmqHarness } from './bullmq.test.harness.ts';

describeQueueAdapter('bullmq 6', new BullmqHarness('bullmq'));
describeQueueAdapter('bullmq 5', new BullmqHarness('bullmq-5'));
