using System.Text.Json;
using ExecutionManager.Domain;
using ExecutionManager.Durability;
using ExecutionManager.Store;
using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Worker;

/// <summary>Takes contracts in over HTTP. What is answered is committed, whether or not the bus is up.</summary>
internal sealed class ContractSubmissions(IServiceScopeFactory scopes, IDurableDatabase database, TimeProvider clock)
{
    private const string KeyHeader = "Idempotency-Key";
    private const int MaxAttempts = 10;

    public async Task<IResult> Submit(HttpContext http, CancellationToken ct)
    {
        var (body, refused) = await RequestBody.Read(http.Request, optional: false, ct);
        if (refused is not null)
        {
            return refused;
        }

        var keys = http.Request.Headers[KeyHeader];
        if (keys.Count > 0 && !(keys is [{ Length: >= 1 and <= 255 } only] && only.All(char.IsAscii)))
        {
            var errors = ContractDocument.Read(body, Guid.CreateVersion7(), clock.GetUtcNow()).Errors.ToDictionary();
            errors[KeyHeader] = ["must be one key of 1 to 255 ASCII characters"];
            return Problem.Validation(errors);
        }

        for (var attempt = 1; ; attempt++)
        {
            await using var scope = scopes.CreateAsyncScope();
            try
            {
                return await Submit(http, scope.ServiceProvider, body, keys.FirstOrDefault(), ct);
            }
            catch (Exception fault) when (attempt < MaxAttempts && database.IsConflict(fault))
            {
                // Another request was faster: the next look finds what it has committed.
            }
        }
    }

    private async Task<IResult> Submit(HttpContext http, IServiceProvider services, JsonElement body, string? key, CancellationToken ct)
    {
        var db = services.GetRequiredService<StoreContext>();
        Submission submission;
        await using (var transaction = await database.Begin(db, ct))
        {
            submission = await services.GetRequiredService<Submissions>().Submit(body, key, ct);
            if (submission is Submission.Created)
            {
                await db.SaveChangesAsync(ct);
                await transaction.Commit(ct);
            }
        }

        switch (submission)
        {
            case Submission.Created(var id):
                return await Shown(id, 201);
            case Submission.Same(var id):
                return await Shown(id, 200);
            case Submission.Replayed(var id):
                http.Response.Headers["Idempotent-Replayed"] = "true";
                return await Shown(id, 201);
            case Submission.Exists(var id):
                return Problem.ContractExists(id);
            case Submission.IdempotencyConflict(var id):
                return Problem.IdempotencyConflict(id);
            case Submission.TaskAlreadyAssigned(var id):
                return Problem.TaskAlreadyAssigned(id);
            case Submission.Invalid(var errors):
                return Problem.Validation(errors);
            case Submission.TooLarge:
                return Problem.TooLarge();
            default:
                throw new InvalidOperationException($"A submission came to {submission}.");
        }

        async Task<IResult> Shown(Guid id, int status)
        {
            var saga = await db.Contracts.AsNoTracking().SingleAsync(one => one.CorrelationId == id, ct);
            http.Response.Headers.Location = $"/contracts/{id}";
            http.Response.Headers.ETag = ContractQueries.ETag(saga);
            return Answer.Json(await services.GetRequiredService<Representations>().Of(saga, null, ct), status);
        }
    }
}
