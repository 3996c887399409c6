using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Npgsql;

namespace ExecutionManager.Journeys.Tests;

/// <summary>
/// Stands between a client and PostgreSQL and counts what really passes: what a server says it has done, and how often
/// the client waited for it. A trip is everything sent before the client waits for the server's ReadyForQuery.
/// </summary>
internal sealed class PostgresWire : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint server;
    private readonly CancellationTokenSource stop = new();
    private readonly Task accepting;
    private readonly List<string> done = [];
    private int trips;

    public PostgresWire(string connectionString)
    {
        var direct = new NpgsqlConnectionStringBuilder(connectionString);
        server = new IPEndPoint(IPAddress.Parse(direct.Host!), direct.Port);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        ConnectionString = new NpgsqlConnectionStringBuilder(connectionString)
        {
            Port = port, SslMode = SslMode.Disable, GssEncryptionMode = GssEncryptionMode.Disable,
        }.ConnectionString;
        accepting = Accept();
    }

    public string ConnectionString { get; }

    /// <summary>The server's word for each statement it has ended, and the trips, since the last time this was asked.</summary>
    public (IReadOnlyList<string> Statements, int Trips) Take()
    {
        lock (done)
        {
            var taken = (done.ToList(), trips);
            done.Clear();
            trips = 0;
            return taken;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    private async Task Accept()
    {
        while (true)
        {
            var client = await listener.AcceptTcpClientAsync(stop.Token);
            _ = Carry(client);
        }
    }

    private async Task Carry(TcpClient client)
    {
        using var here = client;
        using var there = new TcpClient { NoDelay = true };
        here.NoDelay = true;
        await there.ConnectAsync(server, stop.Token);
        var session = new Session(this);
        await Task.WhenAny(
            Pump(here.GetStream(), there.GetStream(), new Messages(startup: true, session.Sent)),
            Pump(there.GetStream(), here.GetStream(), new Messages(startup: false, session.Answered)));
    }

    private async Task Pump(NetworkStream from, NetworkStream to, Messages messages)
    {
        var buffer = new byte[64 * 1024];
        while (await from.ReadAsync(buffer, stop.Token) is > 0 and var count)
        {
            messages.Read(buffer.AsSpan(0, count));
            await to.WriteAsync(buffer.AsMemory(0, count), stop.Token);
        }
    }

    /// <summary>One connection: how many answers are still to come.</summary>
    private sealed class Session(PostgresWire wire)
    {
        private int awaited = 1;   // The start of a session is answered too.

        public void Sent(char type, ReadOnlySpan<byte> body)
        {
            lock (wire.done)
            {
                if (awaited == 0 && !open)
                {
                    wire.trips++;
                }

                open = type is not ('Q' or 'S');
                awaited += open ? 0 : 1;
            }
        }

        public void Answered(char type, ReadOnlySpan<byte> body)
        {
            lock (wire.done)
            {
                if (type == 'Z')
                {
                    awaited--;
                }
                else if (type == 'C')
                {
                    wire.done.Add(Encoding.ASCII.GetString(body[..^1]));
                }
            }
        }

        private bool open;
    }

    private delegate void Heard(char type, ReadOnlySpan<byte> body);

    /// <summary>Cuts a stream into messages: a type (not at the very start), a length that counts itself, a body.</summary>
    private sealed class Messages(bool startup, Heard heard)
    {
        private readonly MemoryStream rest = new();
        private bool startup = startup;

        public void Read(ReadOnlySpan<byte> bytes)
        {
            rest.Write(bytes);
            var all = rest.GetBuffer().AsSpan(0, (int)rest.Length);
            var at = 0;
            while (true)
            {
                var head = startup ? 0 : 1;
                if (all.Length - at < head + 4)
                {
                    break;
                }

                var length = head + BinaryPrimitives.ReadInt32BigEndian(all[(at + head)..]);
                if (all.Length - at < length)
                {
                    break;
                }

                if (!startup)
                {
                    heard((char)all[at], all.Slice(at + 5, length - 5));
                }

                startup = false;
                at += length;
            }

            var left = all[at..].ToArray();
            rest.SetLength(0);
            rest.Write(left);
        }
    }
}
