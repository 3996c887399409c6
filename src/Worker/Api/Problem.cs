using System.ComponentModel;
using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Worker;

/// <summary>Why a request was refused; <see cref="Type"/> is stable, the rest is for people.</summary>
internal sealed record Problem(
    [property: Description("Stable: urn:execution-manager:… names what is wrong.")] string Type,
    string Title,
    int Status,
    string Detail) : IResult
{
    public const string MediaType = "application/problem+json";

    [Description("With validation: every invalid field at once, path to reasons.")]
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }

    [Description("With state-forbids: the state that forbids it.")]
    public ContractStatus? State { get; init; }

    [Description("With version-mismatch: the current version.")]
    public int? Version { get; init; }

    [Description("The contract that stands in the way.")]
    public Guid? ContractId { get; init; }

    public static Problem Validation(IReadOnlyDictionary<string, string[]> errors) =>
        Of(400, "validation", "The request is not valid", $"{errors.Count} field(s) of the request are not valid; see errors.") with { Errors = errors };

    public static Problem Malformed(string detail) => Of(400, "malformed", "The request cannot be read", detail);

    public static Problem BadCursor() => Of(400, "bad-cursor", "The cursor is not valid", "Use nextCursor of the page before, unchanged.");

    public static Problem UnknownStatus(IEnumerable<string> unknown, IEnumerable<string> known) =>
        Of(400, "unknown-status", "The status is unknown", $"Unknown: {string.Join(", ", unknown)}. Known: {string.Join(", ", known)}.");

    public static Problem NotFound(string detail) => Of(404, "not-found", "Not found", detail);

    public static Problem MethodNotAllowed() => Of(405, "method-not-allowed", "The method is not allowed", "The header Allow names the methods of this address.");

    public static Problem TaskAlreadyAssigned(Guid existing) => Of(409, "task-already-assigned", "The task is already assigned",
        $"Contract {existing} for this task has not ended yet.") with { ContractId = existing };

    public static Problem ContractExists(Guid contractId) => Of(409, "contract-exists", "The contract exists",
        $"Contract {contractId} was submitted with another document.") with { ContractId = contractId };

    public static Problem IdempotencyConflict(Guid contractId) => Of(409, "idempotency-conflict", "The idempotency key was used",
        $"This Idempotency-Key came with another document before; that one is contract {contractId}.") with { ContractId = contractId };

    public static Problem NotConnected(string deviceId) => Of(409, "not-connected", "The device is not connected",
        $"Device {deviceId} cannot be asked now; its contracts are reconciled when it returns.");

    public static Problem StateForbids(ContractStatus state, string detail) =>
        Of(409, "state-forbids", "The state forbids it", detail) with { State = state };

    public static Problem VersionMismatch(int expected, int current) => Of(412, "version-mismatch", "The version is not current",
        $"Expected was version {expected}, the contract is at version {current}.") with { Version = current };

    public static Problem TooLarge() => Of(413, "too-large", "The request is too large",
        $"A contract is at most {Domain.ContractDocument.MaxBytes} bytes of UTF-8 JSON, data included.");

    public static Problem UnsupportedMediaType() => Of(415, "unsupported-media-type", "The media type is not supported",
        "Send application/json in UTF-8.");

    public static Problem Unavailable() => Of(503, "unavailable", "The service is not available", "The database cannot be reached; try again.");

    public static Problem TooManyStreams(int limit) => Of(503, "unavailable", "The service is not available",
        $"This worker has {limit} event streams open, and takes no more.");

    /// <summary>What the framework refused without a body.</summary>
    public static Problem OfStatus(int status, string path) => status switch
    {
        404 => NotFound($"There is nothing at {path}."),
        405 => MethodNotAllowed(),
        413 => TooLarge(),
        415 => UnsupportedMediaType(),
        >= 500 => Of(status, "internal", "Something went wrong here", "It is in the log of the service."),
        _ => Of(status, "malformed", "The request cannot be read", "The request is not valid HTTP for this address."),
    };

    public Task ExecuteAsync(HttpContext http)
    {
        http.Response.StatusCode = Status;
        return http.Response.WriteAsJsonAsync(this, WireJson.Options, MediaType, http.RequestAborted);
    }

    private static Problem Of(int status, string slug, string title, string detail) => new($"urn:execution-manager:{slug}", title, status, detail);
}
