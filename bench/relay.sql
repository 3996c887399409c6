-- What PostgreSQL is asked by the relay for one batch; the rows themselves are not brought over.
WITH due AS MATERIALIZED (SELECT "Sequence" FROM "Outbox" WHERE "DueAt" <= now() ORDER BY "DueAt", "Sequence" LIMIT 100 FOR UPDATE SKIP LOCKED), taken AS (UPDATE "Outbox" SET "SentAt" = now(), "DueAt" = now() + interval '2 minutes' FROM due WHERE "Outbox"."Sequence" = due."Sequence" RETURNING "Outbox"."Sequence") SELECT coalesce(array_agg("Sequence"), '{}')::text AS taken FROM taken \gset
DELETE FROM "Outbox" WHERE "Sequence" = ANY (:taken::bigint[]);
