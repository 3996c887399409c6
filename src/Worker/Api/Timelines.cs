using System.ComponentModel;
using System.Text.Json.Serialization;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using ExecutionManager.Sagas;
using Microsoft.Net.Http.Headers;

namespace ExecutionManager.Worker;

/// <summary>Plan, projection and actual of each action, ready to be drawn.</summary>
internal sealed class Timelines(ContractQueries contracts, IContractRecords records, ContractSettings settings, TimeProvider clock)
{
    private const string Svg = "image/svg+xml";

    public async Task<IResult> Show(Guid id, string? at, HttpContext http, CancellationToken ct)
    {
        var fields = new Fields();
        var instant = fields.Instant("at", at);
        if (fields.Problem is { } invalid)
        {
            return invalid;
        }

        if (await contracts.Find(id, ct) is not { } saga)
        {
            return ContractQueries.NoContract(id);
        }

        var timeline = await Of(saga, instant, ct);
        http.Response.Headers.Vary = "Accept";
        return fields.NotBefore(timeline.At, "at", instant)
            ?? (WantsSvg(http.Request) ? TypedResults.Content(TimelineDrawing.Draw(timeline), Svg) : Answer.Json(timeline));
    }

    private async Task<Timeline> Of(ContractState saga, DateTimeOffset? at, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var plan = await records.Document(saga.CorrelationId, Math.Max(saga.AcceptedRevision, 1), ct);
        var basis = saga.AcceptedRevision > 0 && !States.IsTerminal(saga.CurrentState) ? await Estimates.Basis(saga, plan, records, now, ct) : null;
        var estimate = basis is null ? null : Projection.At(basis, at ?? now, settings.MinProbability);
        var projected = estimate?.Actions.Where(action => action.Status != Domain.ActionStatus.Failed).ToDictionary(action => action.ActionId) ?? [];
        var actual = Shown.Actual(saga.Execution, plan, null)?.Actions;
        var planned = Plans.Schedule(plan, saga.AcceptedRevision > 0 ? Estimates.AcceptedAt(saga) : at ?? now);

        // What was executed and is not in the plan any more comes first.
        var ids = plan.Actions.Select(action => action.ActionId).ToHashSet();
        var gone = saga.Execution.Executed.Where(record => !ids.Contains(record.ActionId)).DistinctBy(record => record.ActionId)
            .Select(record => new TimelineAction(record.ActionId, record.Revision, null, null, Actual(record.ActionId)));
        return new(saga.CorrelationId, estimate?.At ?? at ?? now, basis?.LeaseEnd,
        [
            .. gone,
            .. plan.Actions.Zip(planned, (action, span) => new TimelineAction(
                action.ActionId, plan.Revision, new(span.Start, span.End),
                projected.GetValueOrDefault(action.ActionId) is { } one ? new(one.Earliest, one.Q05, one.Q50, one.Q95, one.Latest, one.Probability) : null,
                Actual(action.ActionId))),
        ])
        {
            Limit = new[] { basis?.LeaseEnd, plan.Scope.NotAfter }.Min(),
            Evidence = basis?.EvidenceAt ?? saga.Execution.At ?? now,
            IsNow = at is null,
        };

        ActualSpan? Actual(string actionId) => actual?.GetValueOrDefault(actionId) is { } one ? new(one.Status, one.StartedAt, one.EndedAt) : null;
    }

    /// <summary>If the drawing is wanted more, or as much but by a more exact name.</summary>
    private static bool WantsSvg(HttpRequest request)
    {
        var ranges = request.GetTypedHeaders().Accept;
        return Wish(Svg).CompareTo(Wish("application/json")) > 0;

        (double Quality, int Exactness) Wish(string kind) => ranges.Where(new MediaTypeHeaderValue(kind).IsSubsetOf)
            .Select(range => (Quality: range.Quality ?? 1, Exactness: range.MatchesAllTypes ? 1 : range.MatchesAllSubTypes ? 2 : 3))
            .OrderByDescending(range => range.Exactness).FirstOrDefault();
    }
}

internal sealed record Timeline(
    Guid ContractId, DateTimeOffset At,
    [property: Description("Nothing advances beyond; absent while nothing is projected.")] DateTimeOffset? LeaseEnd,
    IReadOnlyList<TimelineAction> Actions)
{
    /// <summary>The end of lease or window: what is not reached before is drawn up to it.</summary>
    [JsonIgnore]
    public DateTimeOffset? Limit { get; init; }

    /// <summary>What is under way is known up to here.</summary>
    [JsonIgnore]
    public DateTimeOffset Evidence { get; init; }

    /// <summary>No other instant was asked for.</summary>
    [JsonIgnore]
    public bool IsNow { get; init; }
}

internal sealed record TimelineAction(
    string ActionId, int Revision,
    [property: Description("By mean durations from acceptance on; absent for what the plan in force lacks.")] PlannedSpan? Plan,
    [property: Description("The end of the action; absent once evidence shows it ended.")] ProjectedEnd? Projected,
    [property: Description("Absent before it began.")] ActualSpan? Actual);

internal sealed record PlannedSpan(DateTimeOffset Start, DateTimeOffset End);

/// <summary>Null where it is not reached before the lease or the window ends.</summary>
internal sealed record ProjectedEnd(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] DateTimeOffset? Earliest,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] DateTimeOffset? Q05,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] DateTimeOffset? Q50,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] DateTimeOffset? Q95,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] DateTimeOffset? Latest,
    [property: Description("That it is the current one.")] double? Probability);

internal sealed record ActualSpan(Contracts.Messages.ActionStatus Status, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt);
