using System.Text.Json;
using System.Text.Json.Nodes;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using MassTransit;

namespace ExecutionManager.Sagas;

/// <summary>Facts are applied in every state; only the verdict waits.</summary>
internal static class Facts
{
    /// <summary>Takes a journal report: stores its entries, applies what is contiguous, acknowledges, and says what it comes to.</summary>
    public static EventActivityBinder<ContractState, ExecutionReported> Take(this EventActivityBinder<ContractState, ExecutionReported> binder) =>
        binder.ThenAsync(context => Apply(context, context.Message));

    /// <summary>Takes the answer to a push.</summary>
    public static EventActivityBinder<ContractState, ContractAcknowledged> Take(this EventActivityBinder<ContractState, ContractAcknowledged> binder) =>
        binder.ThenAsync(async context =>
        {
            var (saga, ack, findings) = (context.Saga, context.Message, context.Findings());
            if (await context.IsForeign(ack.DeviceId, "contract/ack"))
            {
                return;
            }

            findings.Contact = new Contact(ack.ConnectionEpoch, ack.ReceivedAt, ack.UptimeMs);
            if (ack.Revision == saga.Revision && saga.Open.PushedHash is { } hash && ack.ContentHash != hash)
            {
                await context.Reject(ack.DeviceId, "contract/ack", "unknownContentHash", $"revision {ack.Revision} was pushed as {hash}");
                return;
            }

            if (ack.Accepted)
            {
                context.Accept(ack.Revision, ack.ConnectionEpoch);
                // The push carried the intent of its time: an acceptance confirms the first one.
                saga.ConfirmedIntentVersion = Math.Max(saga.ConfirmedIntentVersion, ack.Revision == saga.Revision ? saga.Open.PushedIntentVersion : 0);
                return;
            }

            if (ack.Revision != saga.Revision || ack.Revision <= saga.AcceptedRevision)
            {
                return;
            }

            switch (ack.ReasonCode)
            {
                case "wrongEpoch" or "superseded":
                    return;   // repeated on the epoch that counts, or overtaken by what the device holds
                case "ended":
                    findings.Add(Verdict.StandsStill);
                    return;
                case "outdated" when saga.Execution.Seq > (await context.Plan(saga.Revision)).PlannedAtSeq:
                    findings.Add(Verdict.Outdated);
                    return;
                case "outdated":
                    await context.AskForReport();   // it is ahead of what is known here: nothing could be dropped yet
                    return;
                default:
                    saga.Open = saga.Open with { DeniedRevision = ack.Revision };
                    context.Blame(FailureKind.ContractRejected, $"the device refused the contract: {ack.ReasonCode ?? "other"}{(ack.Detail is null ? "" : $", {ack.Detail}")}",
                        new JsonObject { ["revision"] = ack.Revision, ["reasonCode"] = ack.ReasonCode });
                    return;
            }
        });

    /// <summary>Takes the answer to a desire.</summary>
    public static EventActivityBinder<ContractState, DesiredAcknowledged> Take(this EventActivityBinder<ContractState, DesiredAcknowledged> binder) =>
        binder.ThenAsync(async context =>
        {
            var (saga, ack, findings) = (context.Saga, context.Message, context.Findings());
            if (await context.IsForeign(ack.DeviceId, "desired/ack"))
            {
                return;
            }

            findings.Contact = new Contact(ack.ConnectionEpoch, ack.ReceivedAt, ack.UptimeMs);
            if (ack.IntentVersion != saga.IntentVersion)
            {
                return;
            }

            switch (ack.Result)
            {
                case DesiredResult.Done:
                    saga.ConfirmedIntentVersion = ack.IntentVersion;
                    // Who waits for a connection looks for it by this deadline.
                    if (saga.IsObeyed && saga.Open.Actuals is null && saga.CurrentState != nameof(ContractMachine.AwaitingConnection))
                    {
                        await context.Disarm(DeadlineKind.Command);
                    }

                    return;
                case DesiredResult.UnknownContract:
                    if (saga.Intent == Intent.Stop)
                    {
                        findings.Add(Verdict.StandsStill);
                    }
                    else if (saga.AcceptedRevision > 0 && ack.ConnectionEpoch > saga.Open.AcceptedEpoch)
                    {
                        context.LoseJournal("the device answered that it does not know the contract");
                    }
                    else if (saga.AcceptedRevision == 0 && ack.ConnectionEpoch > saga.Open.SentEpoch)
                    {
                        saga.Open = saga.Open with { DeniedRevision = saga.SentRevision };
                    }

                    return;
                case DesiredResult.Refused when ack.Detail == "wrongEpoch" || ack.ConnectionEpoch != saga.ConnectionEpoch:
                    return;   // a desire that was overtaken by a connect: it goes out again on the epoch that counts
                case DesiredResult.Refused:
                    context.Blame(FailureKind.DeviceFault, $"the device refused to {saga.Intent.Word()}: {ack.Detail}",
                        new JsonObject { ["intentVersion"] = ack.IntentVersion });
                    return;
            }
        });

    /// <summary>Takes a position outside the area, as telemetry told it; a plan in force since may have widened the area.</summary>
    public static EventActivityBinder<ContractState, LeftArea> Take(this EventActivityBinder<ContractState, LeftArea> binder) =>
        binder.ThenAsync(async context =>
        {
            var (saga, found) = (context.Saga, context.Message);
            if (saga.AcceptedRevision == 0 || found.ReceivedAt <= saga.Open.OutsideAt || !Failures.IsOutside(await context.Plan(saga.AcceptedRevision), found.Position))
            {
                return;
            }

            saga.Open = saga.Open with { OutsideAt = found.ReceivedAt };
            context.Blame(FailureKind.ScopeViolated, "the device is outside the area", new JsonObject
            {
                ["position"] = JsonSerializer.SerializeToNode(found.Position, WireJson.Options), ["receivedAt"] = InstantConverter.Format(found.ReceivedAt),
            });
        });

    /// <summary>The verdict waits: for the actuals, or for the end of a hold.</summary>
    public static EventActivityBinder<ContractState, T> KeepFailure<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.Then(context => context.KeepFailure());

    public static void KeepFailure(this BehaviorContext<ContractState> context)
    {
        if (context.Findings().Failure is { } failure)
        {
            context.Keep(failure);
        }
    }

    public static void Keep(this BehaviorContext<ContractState> context, Failure failure) => context.Keep(new FoundFailure(
        Enum.Parse<Domain.FailureKind>(failure.Kind.ToString()), failure.ActionId, failure.Detail, null,
        context.TryGetMessage<LeftArea>(out var left) ? left.Message.ReceivedAt : failure.At, failure.Evidence));

    /// <summary>Of several the first is decided about, and the others are shown with it. What the device did wrong is the one to
    /// decide about, whatever the Planner says meanwhile.</summary>
    private static void Keep(this BehaviorContext<ContractState> context, FoundFailure found)
    {
        var open = context.Saga.Open;
        if (open.Failure is null || (open.Failure.Kind == Domain.FailureKind.ReplanFailed && found.Kind != Domain.FailureKind.ReplanFailed))
        {
            context.Saga.Open = open with { Failure = found };
        }
        else if (found.Kind != Domain.FailureKind.ReplanFailed && open.AlsoFound.Length < Recoveries.MaxFurther
            && !open.AlsoFound.Append(open.Failure).Any(IsTheSame))
        {
            context.Saga.Open = open with { AlsoFound = open.AlsoFound.Add(found) };
        }

        // One that names no action was described with the action that ran.
        bool IsTheSame(FoundFailure one) => one.Kind == found.Kind && one.Detail == found.Detail
            && (one.ActionId == found.ActionId || one.ActionId is null || found.ActionId is null);
    }

    /// <summary>Takes news of the connection, and what a birth says about this contract.</summary>
    public static EventActivityBinder<ContractState, ConnectionChanged> Take(this EventActivityBinder<ContractState, ConnectionChanged> binder) =>
        binder.Then(context =>
        {
            var (saga, news, findings) = (context.Saga, context.Message, context.Findings());
            if (news.BirthEpoch is { } birth)
            {
                TakeListing(context, news, birth);
            }

            if (news.Change <= saga.ConnectionChange)
            {
                return;
            }

            saga.ConnectionChange = news.Change;
            saga.Connected = news.Connected;
            saga.ConnectionEpoch = news.ConnectionEpoch;
            findings.Evidence["connectionEpoch"] = news.ConnectionEpoch;
            if (news.Reason is not null)
            {
                findings.Evidence["reason"] = news.Reason;
            }

            findings.Add(news.Connected ? Verdict.Connected : Verdict.Lost);
        });

    /// <summary>The device is back: its actuals are awaited. A birth names their tail; one that was only silent is asked.</summary>
    public static EventActivityBinder<ContractState, ConnectionChanged> AwaitActuals(this EventActivityBinder<ContractState, ConnectionChanged> binder) =>
        binder.ThenAsync(async context =>
        {
            var (saga, news) = (context.Saga, context.Message);
            var listing = news.BirthEpoch == news.ConnectionEpoch ? news.Listing : null;
            await context.AwaitActuals(news.ConnectionEpoch, listing?.Tail, ask: listing is null, returned: true);
            if (saga.Open.Actuals is { Asked: false } awaited && saga.Open.Snapshot is { } seen
                && seen.Epoch >= awaited.Epoch && seen.Seq >= awaited.Tail && saga.Execution.Seq >= awaited.Tail)
            {
                context.Findings().Add(Verdict.ActualsComplete);
            }
        });

    public static async Task AwaitActuals(this BehaviorContext<ContractState> context, long epoch, long? tail, bool ask, bool returned)
    {
        var (saga, work) = (context.Saga, context.Work());
        var reportId = work.NewId();
        saga.Open = saga.Open with { Actuals = new OpenActuals(epoch, tail, ask, returned || saga.Open.Actuals is { Returned: true }, reportId, saga.Execution.Seq), GivenUp = null };
        await context.ArmIn(DeadlineKind.Actuals, work.Settings.Actuals);
        await context.ArmIn(DeadlineKind.Command, work.Settings.Command);
        if (ask)
        {
            await context.AskForReport();
        }
    }

    /// <summary>Asks the device for its journal behind what is applied, and a snapshot.</summary>
    public static Task AskForReport(this BehaviorContext<ContractState> context)
    {
        var saga = context.Saga;
        var reportId = (saga.Open.Actuals ?? saga.Open.GivenUp)?.ReportId ?? context.Work().NewId();
        return context.Publish(new RequestReport
        {
            ContractId = saga.CorrelationId, DeviceId = saga.DeviceId, ConnectionEpoch = saga.ConnectionEpoch,
            ReportId = reportId, FromSeq = saga.Execution.Seq + 1,
        });
    }

    /// <summary>Applies what was stored before the contract existed: orphans are taken up.</summary>
    public static async Task TakeOrphans(this BehaviorContext<ContractState> context)
    {
        var (saga, work) = (context.Saga, context.Work());
        var orphans = await work.Records.Held(saga.CorrelationId, saga.DeviceId, 0, context.CancellationToken);
        if (orphans.Count > 0)
        {
            var intake = JournalIntake.Take(0, orphans, []);
            await Fold(context, intake.Apply, null, null);
            // A birth of the epoch that may have brought them says nothing of them.
            var epoch = (await work.Records.Device(saga.DeviceId, context.CancellationToken)).Connection?.Epoch ?? 0;
            saga.Open = saga.Open with { SentEpoch = epoch, AcceptedEpoch = epoch };
        }
    }

    /// <summary>Gives up a missing range: it is recorded as lost, and what is kept behind it is applied.</summary>
    public static async Task GiveUpGap(this BehaviorContext<ContractState> context)
    {
        var (saga, work) = (context.Saga, context.Work());
        while (saga.Open.Gap is { } gap)
        {
            saga.Execution = saga.Execution.Skip(gap);
            var held = await work.Records.Held(saga.CorrelationId, saga.DeviceId, saga.Execution.Seq, context.CancellationToken);
            var intake = JournalIntake.Take(saga.Execution.Seq, held, [], previousAt: saga.Execution.At);
            saga.Open = saga.Open with { Gap = intake.Missing };
            await Fold(context, intake.Apply, null, null);
        }

        if (saga.Open.Early is { } early)
        {
            // Where entries are lost, it alone tells what became of their actions.
            await Fold(context, [], saga.Execution.Seq >= early.Tail ? early.Snapshot : null, null);
            saga.Open = saga.Open with { Early = null };
        }

        await context.AcknowledgeJournal();
        if ((context.Findings().Found ?? saga.Open.Failure) is { } failure)
        {
            context.Blame(failure);
        }

        context.Findings().Add(Verdict.ActualsComplete);
        if (saga.Execution.IsEnded || saga.Execution.IsCompleted)
        {
            context.Findings().Add(saga.Execution.IsCompleted ? Verdict.Completed : Verdict.StandsStill);
        }
    }

    /// <summary>After the end nobody waits for the actuals, but what lies behind missing entries is read all the same: when the
    /// device is there and does not send them.</summary>
    public static EventActivityBinder<ContractState, DeadlineReached> GiveUpGap(this EventActivityBinder<ContractState, DeadlineReached> binder) =>
        binder.ThenAsync(async context =>
        {
            var (saga, work) = (context.Saga, context.Work());
            if (saga.Open.Gap is null)
            {
                return;
            }

            if ((await work.Records.Device(saga.DeviceId, context.CancellationToken)).Connection?.Connected == true)
            {
                await context.GiveUpGap();
            }
            else
            {
                await context.ArmIn(DeadlineKind.Actuals, work.Settings.MaxHold);   // sooner when it is heard
            }
        });

    /// <summary>The device is back, and may still send what is missing of a contract that is over.</summary>
    public static EventActivityBinder<ContractState, ConnectionChanged> AwaitMissing(this EventActivityBinder<ContractState, ConnectionChanged> binder) =>
        binder.ThenAsync(context => context is { Message.Connected: true, Saga.Open.Gap: not null } && context.IsActualsFarOff()
            ? context.ArmIn(DeadlineKind.Actuals, context.Work().Settings.Actuals)
            : Task.CompletedTask);

    private static bool IsActualsFarOff(this BehaviorContext<ContractState> context) =>
        context.Saga.Deadlines.Of(DeadlineKind.Actuals) is not { } armed || armed.At > context.Work().Now + context.Work().Settings.Actuals;

    public static void LoseJournal(this BehaviorContext<ContractState> context, string detail)
    {
        context.Saga.Open = context.Saga.Open with { JournalLost = true, Early = null };
        context.Blame(FailureKind.DeviceFault, detail);
        context.Findings().Add(Verdict.JournalLost);
    }

    public static Task AcknowledgeJournal(this BehaviorContext<ContractState> context)
    {
        var saga = context.Saga;
        return context.Publish(new AcknowledgeJournal { ContractId = saga.CorrelationId, DeviceId = saga.DeviceId, ThroughSeq = saga.Open.Derived ? 0 : saga.Execution.Seq, Closed = !saga.IsOpen });
    }

    private static async Task Apply(BehaviorContext<ContractState, ExecutionReported> context, ExecutionReported report)
    {
        var (saga, work, findings) = (context.Saga, context.Work(), context.Findings());
        if (await context.IsForeign(report.DeviceId, "journal"))
        {
            return;
        }

        findings.Contact = new Contact(report.ConnectionEpoch, report.ReceivedAt, report.UptimeMs);
        (findings.Applied, findings.Found) = ([], null);   // what was taken up before this message is not its news
        if (report.Entries.Any(entry => entry.Seq > report.Tail))
        {
            await context.Reject(report.DeviceId, "journal", "malformed", $"entry {report.Entries.Max(entry => entry.Seq)} lies beyond the tail {report.Tail}");
            return;
        }

        // Asked about what it had said before, or in an epoch behind its acceptance.
        if (report is { Tail: 0, Snapshot.Status: Messages.ExecutionStatus.Unknown } && saga.AcceptedRevision > 0
            && (report.ConnectionEpoch > saga.Open.AcceptedEpoch || ((saga.Open.Actuals ?? saga.Open.GivenUp) is { Known: > 0 } asked && report.ReportId == asked.ReportId)))
        {
            context.LoseJournal("the device answered a report with a journal it does not have");
            return;
        }

        if (report.ConnectionEpoch > saga.Open.JournalEpoch)
        {
            saga.Open = saga.Open with { JournalEpoch = report.ConnectionEpoch, JournalEpochSeq = saga.Execution.Seq };
        }

        if (report.Entries.Count > 0 || report.Snapshot is not null)
        {
            saga.Yield();
        }

        var received = Convert(report, saga.Execution.At);
        await context.RejectOthers(received);
        var held = saga.Open.Gap is null ? [] : await work.Records.Held(saga.CorrelationId, saga.DeviceId, saga.Execution.Seq, context.CancellationToken);
        var intake = JournalIntake.Take(saga.Execution.Seq, held, received, previousAt: saga.Execution.At);
        await work.Records.Keep(saga.CorrelationId, saga.DeviceId, received.Where(entry => entry.Seq > saga.Execution.Seq).ToList(), context.CancellationToken);
        await KeepLate(context, [.. received.Where(entry => saga.Execution.Lost.Any(range => range.From <= entry.Seq && entry.Seq <= range.To))]);
        saga.Open = saga.Open with { Gap = intake.Missing };
        var snapshot = report.Snapshot is { } shot ? Convert(report, shot, saga.Execution.At) : null;
        (snapshot, var basis) = saga.Await(snapshot, report, intake.Apply is [.., var last] ? last.Seq : saga.Execution.Seq);
        await Fold(context, intake.Apply, snapshot, basis);
        // Who is over hears no more of the connection; its report shows that the device is there.
        var isThere = saga.Connected || !saga.IsOpen;
        if (intake.Missing is { } missing && isThere)
        {
            await context.Publish(new RequestReport
            {
                ContractId = saga.CorrelationId, DeviceId = saga.DeviceId, ConnectionEpoch = Math.Max(saga.ConnectionEpoch, report.ConnectionEpoch),
                ReportId = (saga.Open.Actuals ?? saga.Open.GivenUp)?.ReportId ?? work.NewId(), FromSeq = missing.From,
            });
        }

        if (report.Entries.Count > 0 || report.Snapshot is not null)
        {
            await context.AcknowledgeJournal();
        }

        // Counted from the last progress. While the device is away nothing is concluded; its return asks for everything anew.
        var awaits = saga.Open.Actuals is not null || (isThere && intake.Missing is not null);
        if (awaits && (intake.Apply.Count > 0 || (intake.Missing is not null && context.IsActualsFarOff())))
        {
            await context.ArmIn(DeadlineKind.Actuals, work.Settings.Actuals);
        }
        else if (!awaits)
        {
            await context.Disarm(DeadlineKind.Actuals);
        }

        Conclude(context, basis, snapshot);
        if (saga.Open.GivenUp is { } late && intake.Apply.Count > 0 && saga.Open.Gap is null && report.ConnectionEpoch >= late.Epoch
            && saga.Execution.Seq >= Math.Max(report.Tail, late.Tail ?? 0) && !AwaitsDecision(saga))
        {
            saga.Open = saga.Open with { GivenUp = null };   // its journal comes through again
        }
    }

    /// <summary>Where actuals that were given up are still waited for: they may change what is to be decided.</summary>
    private static bool AwaitsDecision(ContractState saga) =>
        saga.CurrentState is nameof(ContractMachine.Recovering) or nameof(ContractMachine.Held) or nameof(ContractMachine.Escalated);

    /// <summary>Keeps a snapshot that overtook entries before it, until they are here: what is read then is as good as in order.</summary>
    /// <returns>The snapshot that counts now, and the message that it belongs to.</returns>
    private static (Snapshot? Snapshot, ExecutionReported Basis) Await(this ContractState saga, Snapshot? snapshot, ExecutionReported report, long throughSeq)
    {
        var (early, awaited) = (saga.Open.Early, saga.Open.Actuals?.ReportId);
        var isNewer = early is null || (snapshot is not null && (report.ConnectionEpoch, report.Tail, report.ReportId == awaited ? 1 : 0)
            .CompareTo((early.Epoch, early.Tail, early.ReportId == awaited ? 1 : 0)) >= 0);
        if (snapshot is not null && throughSeq < report.Tail)
        {
            saga.Open = saga.Open with { Early = isNewer ? new(report.ConnectionEpoch, report.Tail, report.ReportId, snapshot) : early };
            return (snapshot, report);   // of which nothing counts yet
        }

        if (early is null || throughSeq < early.Tail)
        {
            return (snapshot, report);
        }

        saga.Open = saga.Open with { Early = null };
        return isNewer ? (snapshot, report) : (early.Snapshot, report with { ConnectionEpoch = early.Epoch, Tail = early.Tail, ReportId = early.ReportId });
    }

    /// <summary>A range given up as lost that still comes is late evidence: recorded and published, without effect on the fold.</summary>
    private static async Task KeepLate(BehaviorContext<ContractState> context, IReadOnlyList<JournalEntry> late)
    {
        var (saga, work) = (context.Saga, context.Work());
        var found = late.Count > 0 ? await work.Records.Keep(saga.CorrelationId, saga.DeviceId, late, context.CancellationToken) : [];
        if (found.Count == 0)
        {
            return;
        }

        context.Findings().Late = found;
        var finished = found.Where(entry => entry is { Type: EntryTypes.ActionFinished, ActionId: not null }).Select(entry => entry.ActionId!);
        saga.Open = saga.Open with { LateFinished = [.. saga.Open.LateFinished.Union(finished).TakeLast(Execution.MaxExecuted)] };
        work.Records.Append(new ContractEvent(saga.CorrelationId, "JournalApplied", saga.Version, work.Now, JsonSerializer.Serialize(new
        {
            at = work.Now, cause = "lateEvidence", evidence = new { fromSeq = found[0].Seq, throughSeq = found[^1].Seq },
        }, WireJson.Options)));
        await context.Announce(new LateEvidenceFound
        {
            ContractId = saga.CorrelationId, DeviceId = saga.DeviceId, TaskId = saga.TaskId,
            Entries = found.OnTheWire(),
        });
    }

    /// <summary>Whatever a device says of another's contract is refused and changes nothing.</summary>
    private static async Task<bool> IsForeign(this BehaviorContext<ContractState> context, string deviceId, string topic)
    {
        if (deviceId == context.Saga.DeviceId)
        {
            return false;
        }

        await context.Reject(deviceId, topic, "notYourContract", $"contract {context.Saga.CorrelationId} belongs to another device");
        return true;
    }

    /// <summary>Of two entries with one <c>seq</c> the first counts; a device that writes another one there is told.</summary>
    private static async Task RejectOthers(this BehaviorContext<ContractState> context, IReadOnlyList<JournalEntry> received)
    {
        var saga = context.Saga;
        if (JournalIntake.LookBack(saga.Execution.Seq, received, saga.Open.Gap is not null) is { } afterSeq
            && JournalIntake.Conflict(await context.Work().Records.Held(saga.CorrelationId, saga.DeviceId, afterSeq, context.CancellationToken), received) is var (first, second))
        {
            await context.Reject(saga.DeviceId, "journal", "conflict", $"entry {first.Seq} was {first.Type} and is {second.Type} now: the first counts");
        }
    }

    /// <summary>Tells a device, and those who run this, why a message of it was not taken.</summary>
    private static Task Reject(this BehaviorContext<ContractState> context, string deviceId, string topic, string reason, string detail)
    {
        context.Work().Log.DeviceMessageRefused(context.Saga.CorrelationId, deviceId, topic, reason, detail);
        return context.Publish(new RejectDeviceMessage { DeviceId = deviceId, Topic = topic, Reason = reason, Detail = detail });
    }

    /// <summary>Folds entries and snapshot into the execution, and finds what they mean.</summary>
    private static async Task Fold(BehaviorContext<ContractState> context, IReadOnlyList<JournalEntry> entries, Snapshot? snapshot, ExecutionReported? report)
    {
        var (saga, work) = (context.Saga, context.Work());
        var before = saga.Execution;
        var plan = entries.Count > 0 || snapshot is not null
            ? await context.Plan(Math.Max(saga.AcceptedRevision, Math.Min(saga.Revision, entries.Select(entry => entry.Revision).DefaultIfEmpty(1).Max())))
            : null;
        if (plan is not null && snapshot is not null && report is { Tail: 0, Entries.Count: 0 } && snapshot.Revision > 0)
        {
            entries = Snapshots.Derive(plan, before, snapshot);
            saga.Open = saga.Open with { Derived = true };
            await work.Records.Keep(saga.CorrelationId, saga.DeviceId, entries, context.CancellationToken);
        }

        context.Findings().Applied = [.. context.Findings().Applied, .. entries];
        foreach (var entry in entries)
        {
            saga.Execution = saga.Execution.Apply(entry);
            context.Accept(entry.Revision, context.Findings().Contact?.Epoch ?? 0);
        }

        if (snapshot is not null && (report is null || saga.Execution.Seq >= report.Tail))
        {
            saga.Execution = saga.Execution.Observe(snapshot);
            saga.Confirm(snapshot.IntentVersion);
            saga.Open = saga.Open with { Snapshot = new SeenSnapshot(report?.ConnectionEpoch ?? 0, saga.Execution.Seq, snapshot) };
        }

        if (entries.Count > 0)
        {
            work.Records.Append(new ContractEvent(saga.CorrelationId, "JournalApplied", saga.Version, work.Now, JsonSerializer.Serialize(new
            {
                at = work.Now, cause = "journalApplied", evidence = new { fromSeq = entries[0].Seq, throughSeq = entries[^1].Seq },
            }, WireJson.Options)));
        }

        if (plan is not null && Failures.Find(before, entries, saga.Execution, plan, saga.Intent == Intent.Stop) is { } found)
        {
            context.Findings().Found = found;
            context.Keep(found);
        }
    }

    private static void Conclude(BehaviorContext<ContractState> context, ExecutionReported report, Snapshot? snapshot)
    {
        var (saga, findings) = (context.Saga, context.Findings());
        findings.Evidence["seq"] = saga.Execution.Seq;
        if (saga.Execution.IsCompleted)
        {
            findings.Add(Verdict.Completed);
        }
        else if (saga.Execution is { IsEnded: true, IsCompleted: false })
        {
            findings.Add(Verdict.StandsStill);
        }

        if ((findings.Found ?? saga.Open.Failure) is { } failure)
        {
            context.Blame(failure);
        }

        if ((saga.Open.Actuals ?? saga.Open.GivenUp) is { } awaited && snapshot is not null && saga.Open.Gap is null
            && report.ConnectionEpoch >= awaited.Epoch && saga.Execution.Seq >= report.Tail && saga.Execution.Seq >= (awaited.Tail ?? 0)
            && (!awaited.Asked || report.ReportId == awaited.ReportId || report.ConnectionEpoch > awaited.Epoch))
        {
            if (saga.Open.Actuals is not null || AwaitsDecision(saga))
            {
                findings.Add(Verdict.ActualsComplete);
            }

            saga.Open = saga.Open with { GivenUp = null };
        }
    }

    /// <summary>Evidence of acceptance: an ack, an entry of that revision, or its listing in a birth.</summary>
    private static void Accept(this BehaviorContext<ContractState> context, int revision, long epoch)
    {
        var saga = context.Saga;
        if (revision <= saga.AcceptedRevision || revision > saga.Revision)
        {
            return;
        }

        // Accepted in an earlier life counts as sent: there is a device that may execute it.
        if (revision > saga.SentRevision)
        {
            saga.SentRevision = revision;
            saga.Open = saga.Open with { SentEpoch = epoch };
        }

        saga.AcceptedRevision = revision;
        saga.AcceptedAt ??= context.Work().Now;
        saga.Open = saga.Open with { AcceptedEpoch = epoch, PlanAcceptedAt = saga.AcceptedRevision > 1 ? context.Work().Now : null, Failure = null, AlsoFound = [], Attempts = 0 };
        if (revision == saga.Revision)
        {
            context.Findings().Add(Verdict.Accepted);
        }
    }

    /// <summary>Reads what a birth says of this contract. A birth without an accepted contract, or with a shorter
    /// journal than we have from earlier epochs, means that the journal is lost.</summary>
    private static void TakeListing(BehaviorContext<ContractState> context, ConnectionChanged news, long epoch)
    {
        var saga = context.Saga;
        if (news.Listing is { } listing)
        {
            context.Accept(listing.Revision, epoch);
            saga.Confirm(listing.IntentVersion);
            var known = saga.Open.JournalEpoch < epoch ? saga.Execution.Seq
                : saga.Open.JournalEpoch == epoch ? saga.Open.JournalEpochSeq : 0;
            if (news.Evidence == EvidenceKind.Journal && listing.Tail < known)
            {
                context.LoseJournal($"the device names {listing.Tail} as the tail of a journal of which {known} entries are known");
            }
        }
        else if (saga.SentRevision > 0)
        {
            if (saga.Intent == Intent.Stop && epoch > saga.Open.SentEpoch)
            {
                context.Findings().Add(Verdict.StandsStill);
            }
            else if (saga.AcceptedRevision > 0 && epoch > saga.Open.AcceptedEpoch && saga.IsOpen)
            {
                context.LoseJournal("the device's birth does not list the contract that it had accepted");
            }
            else if (saga.AcceptedRevision == 0 && epoch > saga.Open.SentEpoch)
            {
                saga.Open = saga.Open with { DeniedRevision = saga.SentRevision };
            }
        }
    }

    public static List<JournalEntry> Convert(ExecutionReported report, DateTimeOffset? previous)
    {
        var converted = new List<JournalEntry>(report.Entries.Count);
        foreach (var entry in report.Entries.OrderBy(entry => entry.Seq))
        {
            var (at, clamped) = EntryClock.Convert(entry.At, report.SentAt, report.ReceivedAt, previous);
            previous = at;
            converted.Add(new JournalEntry(entry.Seq, entry.Revision, at, entry.Type, entry.ActionId, entry.Data, clamped));
        }

        return converted;
    }

    private static Snapshot Convert(ExecutionReported report, DeviceSnapshot shot, DateTimeOffset? previous) =>
        Convert(shot, EntryClock.Convert(shot.At, report.SentAt, report.ReceivedAt, previous).At);

    public static Snapshot Convert(DeviceSnapshot shot, DateTimeOffset at) => new(
        at,
        Enum.Parse<ExecutionStatus>(shot.Status.ToString()),
        shot.Revision,
        shot.IntentVersion,
        shot.Actions.ToDictionary(action => action.Key, action => new SnapshotAction(Enum.Parse<ActionStatus>(action.Value.Status.ToString()), action.Value.Progress)),
        shot.Position);
}
