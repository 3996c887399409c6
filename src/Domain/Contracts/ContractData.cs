using System.Security.Cryptography;
using System.Text;

namespace ExecutionManager.Domain;

/// <summary>Puts fetched data into a contract.</summary>
public static class ContractData
{
    /// <summary>Moves a name from the requests to the data. Data nobody asked for changes nothing.</summary>
    /// <param name="contract">The contract that asked.</param>
    /// <param name="name">The name of the request.</param>
    /// <param name="mediaType">As the source says.</param>
    /// <param name="content">Base64.</param>
    /// <param name="sha256">64 hex digits over the decoded bytes, as the source says.</param>
    /// <returns>The contract with it, or why it cannot be taken: <c>notBase64</c>, <c>hashWrong</c>, <c>tooLarge</c>.</returns>
    public static (Contract? Contract, string? Reason) Provide(
        Contract contract, string name, string mediaType, string content, string sha256)
    {
        if (contract.DataRequests.All(request => request.Name != name))
        {
            return (contract, null);
        }
        if (Decode(content) is not { } bytes)
        {
            return (null, "notBase64");
        }
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        if (!Normalize(sha256).Equals(hash, StringComparison.Ordinal))
        {
            return (null, "hashWrong");
        }
        var provided = contract with
        {
            Data = [.. contract.Data, new DataItem(name, mediaType, hash, content)],
            DataRequests = [.. contract.DataRequests.Where(request => request.Name != name)],
        };
        return Encoding.UTF8.GetByteCount(ContractDocument.Write(provided)) > ContractDocument.MaxBytes
            ? (null, "tooLarge")
            : (provided, null);
    }

    /// <summary>Puts requests back in the place of the data that came for them: it is fetched again.</summary>
    public static Contract Refresh(Contract contract, IReadOnlyCollection<DataRequest> requests) => contract with
    {
        Data = [.. contract.Data.Where(item => requests.All(request => request.Name != item.Name))],
        DataRequests = [.. contract.DataRequests, .. requests],
    };

    internal static byte[]? Decode(string content)
    {
        var bytes = new byte[content.Length / 4 * 3 + 3];
        return Convert.TryFromBase64String(content, bytes, out var length) ? bytes[..length] : null;
    }

    /// <summary>Hex digits as we compare them; devices also write <c>sha256:</c> before them.</summary>
    internal static string Normalize(string sha256)
    {
        var lower = sha256.ToLowerInvariant();
        return lower.StartsWith("sha256:", StringComparison.Ordinal) ? lower[7..] : lower;
    }
}
