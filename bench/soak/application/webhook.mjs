import Stripe from 'stripe';
import { count } from './counts.mjs';

/** What the load signs with, too. */
export const WEBHOOK_SECRET = 'whsec_soak';

/** Stripe's webhook: a forged delivery is answered with 400; the header `x-fail` asks for a failure of the application. */
export function webhookRoute(app, express) {
  const stripe = new Stripe('sk_test_none');
  app.post('/webhooks/stripe', express.raw({ type: 'application/json' }), (request, response) => {
    let event;
    try {
      event = stripe.webhooks.constructEvent(request.body, request.get('stripe-signature'), WEBHOOK_SECRET);
    } catch {
      count('delivery forged');
      return response.status(400).end();
    }
    if (request.get('x-fail') !== undefined) throw new Error('the application fails');
    count(`delivery accepted ${event.type}`);
    response.json({ received: true });
  });
}
