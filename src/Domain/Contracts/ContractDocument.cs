using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ExecutionManager.Domain;

/// <summary>The JSON of a contract: read from requests, kept in rows, sent to devices.</summary>
public static class ContractDocument
{
    /// <summary>The longest document that is pushed, in bytes of UTF-8: 256 KiB.</summary>
    public const int MaxBytes = 262_144;

    /// <summary>Reads a request. Never throws, whatever the body is; unknown fields are ignored.</summary>
    /// <param name="body">The request.</param>
    /// <param name="fallbackId">The id if the request names none.</param>
    /// <param name="now">A window that ended before is a fault.</param>
    /// <returns>Revision 1, fencing token 0, planned at 0; or every fault.</returns>
    public static ContractReading Read(JsonElement body, Guid fallbackId, DateTimeOffset now) =>
        ContractReader.Read(body, fallbackId, now);

    /// <summary>Reads a document that <see cref="Write"/> made.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static Contract Parse(string json) => ContractReader.Parse(json);

    /// <summary>The document, always the same for the same contract: fixed order, defaults spelled out.</summary>
    public static string Write(Contract contract) => ContractWriter.Write(contract);

    /// <summary>The faults of meaning, path to reasons; empty if there are none. For plans that others revised.</summary>
    public static IReadOnlyDictionary<string, string[]> Check(Contract contract, DateTimeOffset now)
    {
        var errors = new ErrorList();
        ContractRules.Check(contract, now, errors);
        return errors.ToDictionary();
    }

    /// <summary>Reads the plan that another made for this contract, as its next revision, and checks it.</summary>
    /// <param name="current">The revision in force.</param>
    /// <param name="actions">A JSON array of actions: the full remaining plan.</param>
    /// <param name="scope">The new scope; null or JSON null keeps the present one.</param>
    /// <param name="revision">The next revision.</param>
    /// <param name="plannedAtSeq">What the plan knows of.</param>
    /// <param name="now">A window that ended before is a fault.</param>
    public static ContractReading ReadPlan(
        Contract current, JsonElement actions, JsonElement? scope, int revision, long plannedAtSeq, DateTimeOffset now) =>
        ContractReader.ReadPlan(current, actions, scope, revision, plannedAtSeq, now);

    /// <summary>A JSON array of actions, as in the document.</summary>
    public static string WriteActions(IReadOnlyList<PlannedAction> actions) => ContractWriter.Write(actions);

    /// <summary><c>sha256:</c> and 64 lower-case hex digits over the UTF-8 bytes.</summary>
    public static string Hash(string json) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(json)));

    /// <summary>The same document without <c>data[].content</c>.</summary>
    public static string WithoutContents(string json)
    {
        var contract = Parse(json);
        return Write(contract with { Data = [.. contract.Data.Select(item => item with { Content = null })] });
    }

    /// <summary>
    /// Equal for two requests that ask for the same, whatever the order of their fields and the defaults left out.
    /// The contract id and the fields the EM makes do not count.
    /// </summary>
    public static string Fingerprint(Contract contract) => ContractWriter.Fingerprint(contract);
}
