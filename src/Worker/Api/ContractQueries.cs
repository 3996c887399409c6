using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using ExecutionManager.Sagas;
using ExecutionManager.Store;
using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Worker;

/// <summary>Everything that is asked about contracts.</summary>
internal sealed class ContractQueries(StoreContext db, Representations representations)
{
    private static readonly Dictionary<string, ContractStatus> Words = Enum.GetValues<ContractStatus>().ToDictionary(status => status.Word());

    // A row's report is the domain's, as the store writes it.
    private static readonly JsonSerializerOptions Stored = new(JsonSerializerDefaults.Web);

    public static string ETag(ContractState saga) => string.Create(CultureInfo.InvariantCulture, $"W/\"{saga.Version}\"");

    public async Task<IResult> One(Guid id, string? at, HttpContext http, CancellationToken ct)
    {
        var fields = new Fields();
        var instant = fields.Instant("at", at);
        if (fields.Problem is { } invalid)
        {
            return invalid;
        }

        if (await Find(id, ct) is not { } saga)
        {
            return NoContract(id);
        }

        http.Response.Headers.ETag = ETag(saga);
        // Of any other the representation changes with time and telemetry while the version stays.
        if ((saga.SentRevision == 0 || States.IsTerminal(saga.CurrentState)) && Knows(http.Request, saga))
        {
            return TypedResults.StatusCode(304);
        }

        var shown = await representations.Of(saga, instant, ct);
        return fields.NotBefore(shown.Projection?.From, "at", instant) ?? Answer.Json(shown);
    }

    public async Task<IResult> List(string? device, string[] status, string? task, string? limit, string? cursor, CancellationToken ct)
    {
        var fields = new Fields();
        var (size, deviceId, taskId) = (fields.Limit(limit), fields.Filter("device", device), fields.Filter("task", task));
        if (fields.Problem is { } invalid)
        {
            return invalid;
        }

        var words = status.SelectMany(list => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Distinct().ToList();
        if (words.Where(word => !Words.ContainsKey(word)).ToList() is { Count: > 0 } unknown)
        {
            return Problem.UnknownStatus(unknown.Take(10), Words.Keys);
        }

        var rows = db.Contracts.AsNoTracking();
        switch (Cursor.Read("contracts", cursor, 2))
        {
            case []:
                break;
            case [var ticks, var last] when long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && number <= DateTimeOffset.MaxValue.Ticks && Guid.TryParse(last, out var id):
                var before = new DateTimeOffset(number, TimeSpan.Zero);
                rows = rows.Where(saga => saga.CreatedAt < before || (saga.CreatedAt == before && saga.CorrelationId.CompareTo(id) < 0));
                break;
            default:
                return Problem.BadCursor();
        }

        var states = words.SelectMany(word => States.Stored(Words[word])).ToList();
        rows = deviceId is null ? rows : rows.Where(saga => saga.DeviceId == deviceId);
        rows = taskId is null ? rows : rows.Where(saga => saga.TaskId == taskId);
        rows = states.Count == 0 ? rows : rows.Where(saga => states.Contains(saga.CurrentState));
        var (page, next) = Page.Cut(
            await rows.OrderByDescending(saga => saga.CreatedAt).ThenByDescending(saga => saga.CorrelationId).Take(size + 1).ToListAsync(ct),
            size, last => Cursor.Write("contracts", last.CreatedAt.UtcTicks, last.CorrelationId));
        return Answer.Json(new Page<ContractRepresentation>(await representations.Of(page, null, ct), next));
    }

    public async Task<IResult> History(Guid id, string? limit, string? cursor, CancellationToken ct)
    {
        var fields = new Fields();
        var size = fields.Limit(limit);
        if (fields.Problem is { } invalid)
        {
            return invalid;
        }

        if (Cursor.Number("history", cursor) is not { } after)
        {
            return Problem.BadCursor();
        }

        if (!await db.Contracts.AnyAsync(saga => saga.CorrelationId == id, ct))
        {
            return NoContract(id);
        }

        var (page, next) = Page.Cut(
            await db.Events.AsNoTracking()
                .Where(entry => entry.ContractId == id && entry.Sequence > after
                    && (entry.Name == nameof(ContractStateChanged) || entry.Name == "JournalApplied"))
                .OrderBy(entry => entry.Sequence).Take(size + 1).ToListAsync(ct),
            size, last => Cursor.Write("history", last.Sequence));
        return Answer.Json(new Page<HistoryItem>([.. page.Select(HistoryItem.Of)], next));
    }

    public async Task<IResult> Reconciliation(Guid id, Guid rid, CancellationToken ct)
    {
        var row = await db.Reports.AsNoTracking().SingleOrDefaultAsync(report => report.ReconciliationId == rid && report.ContractId == id, ct);
        return row is null
            ? Problem.NotFound($"Contract {id} has no reconciliation {rid}.")
            : Answer.Json(new ReconciliationPart(
                row.ReconciliationId, row.Status, row.RequestedAt, row.CompletedAt,
                row.Report is null ? null : Shown.Divergence(JsonSerializer.Deserialize<Divergence>(row.Report, Stored)!)));
    }

    public Task<ContractState?> Find(Guid id, CancellationToken ct) =>
        db.Contracts.AsNoTracking().SingleOrDefaultAsync(saga => saga.CorrelationId == id, ct);

    public static Problem NoContract(Guid id) => Problem.NotFound($"There is no contract {id}.");

    private static bool Knows(HttpRequest request, ContractState saga) =>
        request.GetTypedHeaders().IfNoneMatch.Any(tag => tag.Tag == "*" || tag.ToString() == ETag(saga) || "W/" + tag == ETag(saga));
}

internal sealed record ReconciliationPart(
    Guid ReconciliationId, [property: Description("pending, done or failed")] string Status, DateTimeOffset RequestedAt, DateTimeOffset? CompletedAt, DivergenceReport? Report);
