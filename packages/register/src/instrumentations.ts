/**
 * Names of OpenTelemetry's own instrumentations for Node (auto-instrumentations-node 0.82, without the prefix of their packages):
 * `OTEL_NODE_ENABLED_INSTRUMENTATIONS` and `OTEL_NODE_DISABLED_INSTRUMENTATIONS` may hold them for a user's own SDK.
 */
export const INSTRUMENTATIONS: readonly string[] = (
  'amqplib aws-lambda aws-sdk bunyan cassandra-driver connect cucumber dataloader dns express fastify fs generic-pool graphql grpc hapi ' +
  'host-metrics http ioredis kafkajs knex koa lru-memoizer memcached mongodb mongoose mysql mysql2 nestjs-core net openai oracledb pg pino ' +
  'redis restify router runtime-node sequelize socket.io tedious typeorm undici winston'
).split(' ');
