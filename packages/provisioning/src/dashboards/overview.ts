import { dashboard } from '../grafana/index.ts';
import * as ai from '../panels/ai.ts';
import * as durations from '../panels/durations.ts';
import * as features from '../panels/features.ts';
import * as http from '../panels/http.ts';
import * as payments from '../panels/payments.ts';
import * as queues from '../panels/queues.ts';
import { tracking } from '../panels/tracking.ts';
import * as webhooks from '../panels/webhooks.ts';

/** The first screen: is it working, what does each feature cost, does it earn more than it costs, what fails, is the tracking itself alive. */
export const overview = dashboard({
  uid: 'tallyman-overview',
  title: 'Tallyman: overview',
  about: 'What each feature costs beside what it earns, what fails, and whether the tracking itself is alive.',
  sections: [
    {
      title: 'Cost, revenue, failures, tracking',
      height: 8,
      lines: [
        [
          [12, features.featureTable],
          [4, features.revenueAndCost],
          [4, features.failures],
          [4, tracking],
        ],
      ],
    },
    {
      title: 'How long users wait',
      height: 8,
      lines: [
        [
          [6, durations.cvParse],
          [6, durations.cvParseSpread],
          [6, durations.match],
          [6, durations.matchSpread],
        ],
      ],
    },
    {
      title: 'AI calls and tokens',
      height: 8,
      lines: [
        [
          [8, ai.costByFeature],
          [8, ai.costByModel],
          [8, ai.callsWithoutCost],
        ],
        [
          [8, ai.callsByFeature],
          [8, ai.callErrorShare],
          [8, ai.callErrors],
        ],
        [
          [8, ai.callDuration],
          [8, ai.timeToFirstChunk],
          [8, ai.cachedShare],
        ],
        [
          [12, ai.tokensByFeature],
          [12, ai.tokensByModel],
        ],
      ],
    },
    {
      title: 'HTTP',
      height: 8,
      lines: [
        [
          [6, http.httpRequests],
          [6, http.httpErrorShare],
          [6, http.httpDuration],
          [6, http.httpInFlight],
        ],
      ],
    },
    {
      title: 'Queues',
      height: 8,
      lines: [
        [
          [8, queues.queueDepth],
          [8, queues.oldestJobAge],
          [8, queues.queueSaturation],
        ],
        [
          [8, queues.jobWait],
          [8, queues.jobDuration],
          [8, queues.jobAttempts],
        ],
        [
          [8, queues.jobFailures],
          [8, queues.jobTrouble],
          [8, queues.jobsInAndOut],
        ],
      ],
    },
    {
      title: 'Webhooks and payments',
      height: 8,
      lines: [
        [
          [8, webhooks.deliveries],
          [8, webhooks.verificationFailures],
          [8, webhooks.duplicates],
        ],
        [
          [8, webhooks.webhookDuration],
          [8, webhooks.webhookLag],
          [8, payments.subscriptionChanges],
        ],
        [
          [6, payments.conversions],
          [6, payments.paymentFailures],
          [6, payments.moneyOverTime],
          [6, payments.moneyByCurrency],
        ],
      ],
    },
  ],
});
