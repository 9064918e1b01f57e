// OpenLIT as its README shows it, with prices of its own: it would else fetch a list from the network.
const { peer } = require('./packages.cjs');

const openlit = peer('openlit');
(openlit.default ?? openlit).init({ otlpEndpoint: process.env.OTEL_EXPORTER_OTLP_ENDPOINT, pricingJson: { chat: {} } });
