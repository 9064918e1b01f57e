import { installHook } from '@tallyman/core';
import { webhookConformance } from '@tallyman/testkit/conformance/webhooks';
import { adapter } from './index.ts';
import { subjectOf, variants } from './subjects.test.data.ts';

installHook([adapter]);

for (const variant of variants) webhookConformance(await subjectOf(variant));
