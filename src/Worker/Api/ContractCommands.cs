using System.ComponentModel;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using ExecutionManager.Sagas;
using ExecutionManager.Store;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using ExecutionStatus = ExecutionManager.Contracts.Messages.ExecutionStatus;
using RecoveryStrategy = ExecutionManager.Contracts.Messages.RecoveryStrategy;
using SnapshotAction = ExecutionManager.Contracts.Messages.SnapshotAction;

namespace ExecutionManager.Worker;

/// <summary>What operators ask of a contract: checked against its row, then a message to its machine, committed before the answer.</summary>
internal sealed class ContractCommands(
    StoreContext db, IContractRecords records, IPublishEndpoint publish, ContractQueries contracts, Representations representations, ContractSettings settings, TimeProvider clock)
{
    public Task<IResult> Cancel(Guid id, HttpContext http, CancellationToken ct) => Take(id, http, ct, States.MayCancel,
        "it has ended", (fields, by) => new CancelContract { ContractId = id, Reason = Reason(fields), RequestedBy = by });

    public Task<IResult> Resume(Guid id, HttpContext http, CancellationToken ct) => Take(id, http, ct, States.MayResume,
        "it is not held", (fields, by) => new ResumeContract { ContractId = id, Reason = Reason(fields), RequestedBy = by });

    public Task<IResult> Hold(Guid id, HttpContext http, CancellationToken ct) => Take(id, http, ct, States.MayHold,
        "it has ended, is being stopped, or waits for an operator's decision", (fields, by) =>
        {
            var until = fields.Instant("until");
            if (until <= clock.GetUtcNow())
            {
                fields.Add("until", "must be in the future");
            }

            return new HoldContract { ContractId = id, Reason = Reason(fields), RequestedBy = by, Until = until };
        });

    /// <summary>An operator's decision. Its guards are looked at here too, so that the caller learns what is missing.</summary>
    public async Task<IResult> Resolve(Guid id, HttpContext http, CancellationToken ct)
    {
        var (body, refused) = await RequestBody.Read(http.Request, optional: false, ct);
        if (refused is not null)
        {
            return refused;
        }

        var fields = new Fields(body);
        var resolved = new EscalationResolved
        {
            ContractId = id, EscalationId = fields.Id("escalationId") ?? Guid.Empty, Strategy = fields.Word<RecoveryStrategy>("strategy"),
            AttestedStopped = fields.Flag("attestedStopped"), MayRepeat = fields.Flag("mayRepeat"), Until = fields.Instant("until"), Reason = Reason(fields), By = Caller(http),
        };
        var expected = fields.Version("expectedVersion");
        var (saga, problem) = await Find(id, fields, expected, ct);
        if (saga is null)
        {
            return problem!;
        }

        if (saga.Open.Escalation is not { } open || !States.MayResolve(saga.CurrentState) || open.EscalationId != resolved.EscalationId)
        {
            return Problem.StateForbids(States.Shown(saga.CurrentState)!.Value, $"Contract {id} does not wait for an answer to escalation {resolved.EscalationId}.");
        }

        if (Grounds.Refuse(saga, await records.Document(id, saga.Revision, ct), resolved, clock.GetUtcNow()) is var (field, reason))
        {
            return Problem.Validation(new Dictionary<string, string[]> { [field] = [reason] });
        }

        await Send(resolved, expected, ct);
        return Answer.Json(await representations.Of(saga, null, ct), 202);
    }

    public async Task<IResult> Reconcile(Guid id, HttpContext http, CancellationToken ct)
    {
        var (body, refused) = await RequestBody.Read(http.Request, optional: true, ct);
        if (refused is not null)
        {
            return refused;
        }

        var fields = new Fields(body);
        var (attested, expected) = (fields.Part("attested"), fields.Version("expectedVersion"));
        var reason = fields.Text("reason", required: attested is not null);
        var said = attested is null ? null : Attestation.Read(attested, id, reason, Caller(http), clock.GetUtcNow());
        var (saga, problem) = await Find(id, fields, expected, ct);
        if (saga is null)
        {
            return problem!;
        }

        var state = States.Shown(saga.CurrentState)!.Value;
        if (saga.SentRevision == 0 || States.IsTerminal(saga.CurrentState))
        {
            return Problem.StateForbids(state, $"Contract {id} cannot be reconciled: {(saga.SentRevision == 0 ? "it was never pushed" : "it has ended")}.");
        }

        if (attested is not null)
        {
            return await Attest(saga, attested, said!, http, ct);
        }

        if (!await IsConnected(saga, ct))
        {
            return Problem.NotConnected(saga.DeviceId);
        }

        if (saga.AcceptedRevision == 0 || state is not (ContractStatus.Live or ContractStatus.Projected or ContractStatus.Reconciled or ContractStatus.Recovering or ContractStatus.Held or ContractStatus.Escalated))
        {
            return Problem.StateForbids(state, $"Contract {id} cannot be reconciled: its device has not accepted it, or it is being stopped.");
        }

        return await Open(saga, new ReconcileContract { ContractId = id, Reason = reason ?? "asked for over HTTP", RequestedBy = Caller(http) }, http, ct);
    }

    /// <summary>An operator's word, where the device cannot be asked.</summary>
    private async Task<IResult> Attest(ContractState saga, Fields attested, ActualsAttested said, HttpContext http, CancellationToken ct)
    {
        Attestation.Check(attested, said, saga, await records.Document(saga.CorrelationId, Math.Max(saga.AcceptedRevision, 1), ct));
        if (attested.Problem is { } invalid)
        {
            return invalid;
        }

        var state = States.Shown(saga.CurrentState)!.Value;
        if (await IsConnected(saga, ct) || saga.AcceptedRevision == 0 || state is not (ContractStatus.Projected or ContractStatus.Recovering or ContractStatus.Held or ContractStatus.Escalated))
        {
            return Problem.StateForbids(state, $"Contract {saga.CorrelationId} takes no attested actuals now: its device is connected, has not accepted it, or it is being stopped.");
        }

        return await Open(saga, said, http, ct);
    }

    private async Task<IResult> Open(ContractState saga, object request, HttpContext http, CancellationToken ct)
    {
        var rid = NewId.NextGuid();
        db.Reports.Add(new ReportRow { ReconciliationId = rid, ContractId = saga.CorrelationId, RequestedAt = clock.GetUtcNow(), Status = "pending" });
        await publish.Publish(request, context => context.MessageId = rid, ct);
        await db.SaveChangesAsync(ct);
        http.Response.Headers.Location = $"/contracts/{saga.CorrelationId}/reconciliations/{rid}";
        return Answer.Json(await representations.Of(saga, null, ct), 202);
    }

    private async Task<IResult> Take(
        Guid id, HttpContext http, CancellationToken ct, Func<string, bool> may, string otherwise, Func<Fields, string, object> message)
    {
        var (body, refused) = await RequestBody.Read(http.Request, optional: true, ct);
        if (refused is not null)
        {
            return refused;
        }

        var fields = new Fields(body);
        var (command, expected) = (message(fields, Caller(http)), fields.Version("expectedVersion"));
        var (saga, problem) = await Find(id, fields, expected, ct);
        if (saga is null)
        {
            return problem!;
        }

        if (!may(saga.CurrentState))
        {
            return Problem.StateForbids(States.Shown(saga.CurrentState)!.Value, $"Contract {id} does not take this now: {otherwise}.");
        }

        await Send(command, expected, ct);
        return Answer.Json(await representations.Of(saga, null, ct), 202);
    }

    /// <summary>Committed before the answer; what was meant for a version says so to the machine as well.</summary>
    private async Task Send(object command, int? expected, CancellationToken ct)
    {
        await publish.Publish(command, context => context.Headers.Set(ExpectedVersion.Header, expected), ct);
        await db.SaveChangesAsync(ct);
    }

    private async Task<(ContractState? Saga, Problem? Problem)> Find(Guid id, Fields fields, int? expected, CancellationToken ct)
    {
        if (await contracts.Find(id, ct) is not { } saga)
        {
            return (null, ContractQueries.NoContract(id));
        }

        return fields.Problem is { } invalid ? (null, invalid)
            : expected is { } version && version != saga.Version ? (null, Problem.VersionMismatch(version, saga.Version))
            : (saga, null);
    }

    /// <summary>As the machine sees it, and still so now.</summary>
    private async Task<bool> IsConnected(ContractState saga, CancellationToken ct)
    {
        var device = await db.Devices.AsNoTracking().SingleOrDefaultAsync(one => one.DeviceId == saga.DeviceId, ct);
        var contact = await db.Contacts.AsNoTracking().SingleOrDefaultAsync(one => one.DeviceId == saga.DeviceId, ct);
        return saga.Connected && contact is not null
            && Connectivity.IsConfirmed(device?.Connection, new Contact(contact.Epoch, contact.ReceivedAt, contact.UptimeMs), clock.GetUtcNow(), settings.StaleAfter);
    }

    // A missing reason is a fault that is told before the message could go out.
    private static string Reason(Fields fields) => fields.Text("reason", required: true) ?? "";

    private static string Caller(HttpContext http) => http.User.Identity?.Name is { Length: > 0 } name ? $"http:{name}" : "http";
}

/// <summary>The body of cancel and resume.</summary>
internal sealed record CommandRequest(string Reason, [property: Description("Refused with 412 unless it is the current version.")] int? ExpectedVersion);

internal sealed record HoldRequest(
    string Reason, [property: Description("When the hold ends by itself; in a held contract this changes it.")] DateTimeOffset? Until, int? ExpectedVersion);

internal sealed record EscalationRequest(
    [property: Description("The escalation answered, as the contract shows it.")] Guid EscalationId,
    [property: Description("What to do; may be left out when a standstill that the contract waits for is attested.")] RecoveryStrategy? Strategy,
    [property: Description("Your word that the device stands still; it is marked as yours wherever it is shown.")] bool? AttestedStopped,
    [property: Description("Whether actions that may have been done and are not idempotent may be done again.")] bool? MayRepeat,
    [property: Description("With hold: when it ends by itself.")] DateTimeOffset? Until,
    string Reason,
    int? ExpectedVersion);

internal sealed record ReconcileRequest(
    [property: Description("An operator's word, where the device cannot be asked; it yields to the device's own.")] AttestedPart? Attested,
    [property: Description("Required with attested.")] string? Reason, int? ExpectedVersion);

internal sealed record AttestedPart(
    [property: Description("Not before the newest evidence, not in the future.")] DateTimeOffset At,
    [property: Description("By action id.")] IReadOnlyDictionary<string, SnapshotAction> Actions,
    IReadOnlyList<double>? Position, [property: Description("Of the whole; completed ends the contract.")] ExecutionStatus? Status);
