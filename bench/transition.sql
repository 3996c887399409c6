-- What PostgreSQL is asked by one durable transition of bench/Counting.cs, in as many round trips.
-- Texts have dashes for colons, behind which pgbench sees a variable.
\set saga random(0, 999)
\startpipeline
BEGIN;
INSERT INTO "Inbox" ("MessageId", "ConsumerId", "ReceivedAt") VALUES (gen_random_uuid(), '7c1e0000-0000-0000-0000-000000000001', now()) ON CONFLICT DO NOTHING;
SELECT * FROM "Counters" WHERE "CorrelationId" = ('00000000-0000-0000-0000-' || lpad(:saga::text, 12, '0'))::uuid FOR UPDATE;
\endpipeline
\startpipeline
UPDATE "Counters" SET "Total" = "Total" + 1, "Version" = "Version" + 1 WHERE "CorrelationId" = ('00000000-0000-0000-0000-' || lpad(:saga::text, 12, '0'))::uuid;
INSERT INTO "Outbox" ("MessageId", "Destination", "MessageType", "ContentType", "Body", "EnqueuedAt", "DueAt", "Attempts") VALUES (gen_random_uuid(), 'rabbitmq-//127.0.0.1/durable/ExecutionManager.Bench-Counted', 'urn-message-ExecutionManager.Bench-Counted', 'application/vnd.masstransit+json', convert_to(repeat('x', :body), 'UTF8'), now(), now(), 0);
COMMIT;
\endpipeline
