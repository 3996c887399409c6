using System.Security.Cryptography;
using System.Text.Json;
using ExecutionManager.Contracts.Messages;
using NetTopologySuite.Geometries;

namespace ExecutionManager.Neighbours;

/// <summary>Reference Equator: serves excerpts of GeoJSON files by layer and box.</summary>
internal sealed class Equator(SpatialLayers layers, Conduct conduct) : INeighbour<SpatialDataRequested>
{
    public Conduct Conduct => conduct;

    public Guid ContractOf(SpatialDataRequested request) => request.ContractId;

    public object Answer(SpatialDataRequested request, DateTimeOffset now)
    {
        if (!layers.Names.Contains(request.Name))
            return Unavailable(request, $"no layer '{request.Name}'; there are: {string.Join(", ", layers.Names)}");
        if (BoxOf(request.Query) is not { } box)
            return Unavailable(request, "the query needs \"bbox\": [minX, minY, maxX, maxY] with min <= max");
        return Provided(request, layers.Excerpt(request.Name, box));
    }

    /// <summary>Content that is not what its hash says.</summary>
    public object WrongAnswer(SpatialDataRequested request, DateTimeOffset now) =>
        Provided(request, "{}"u8.ToArray()) with { Sha256 = new string('0', 64) };

    private static Envelope? BoxOf(JsonElement? query)
    {
        if (query is not { ValueKind: JsonValueKind.Object } given
            || !given.TryGetProperty("bbox", out var bbox) || bbox.ValueKind != JsonValueKind.Array
            || bbox.EnumerateArray().Any(number => number.ValueKind != JsonValueKind.Number))
            return null;
        return bbox.EnumerateArray().Select(number => number.GetDouble()).ToArray() is [var minX, var minY, var maxX, var maxY]
            && minX <= maxX && minY <= maxY && double.IsFinite(maxX - minX) && double.IsFinite(maxY - minY)
            ? new(minX, maxX, minY, maxY)
            : null;
    }

    private static SpatialDataProvided Provided(SpatialDataRequested request, byte[] content) => new()
    {
        ContractId = request.ContractId,
        RequestId = request.RequestId,
        MediaType = "application/geo+json",
        Content = Convert.ToBase64String(content),
        Sha256 = Convert.ToHexStringLower(SHA256.HashData(content)),
    };

    private static SpatialDataUnavailable Unavailable(SpatialDataRequested request, string reason) => new()
    {
        ContractId = request.ContractId,
        RequestId = request.RequestId,
        Reason = reason,
    };
}
